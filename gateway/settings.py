"""Settings of one installation, read from environment variables with the prefix ``HITOTSU_``.

Nothing reads the environment at import: the composition root and the command line make one
``Settings`` and hand it on.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import Field, IPvAnyNetwork, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.errors import broken_rule

_NEAR = 0.8
"""How alike two names with their prefix are of which one is the other, misspelled."""
MAX_TOKEN_LIFETIME_S = 600
"""Access tokens live ten minutes at most: a grant that was taken back must not live on in one."""


MOST_PER_MINUTE = 10_000_000
"""More than any machine answers: as good as no quota."""


class Settings(BaseSettings):
    """Every setting. Each has a default with which ``hitotsu serve`` starts on a fresh machine."""

    model_config = SettingsConfigDict(
        env_prefix="HITOTSU_",
        frozen=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,
    )

    database_url: str = Field(
        default="sqlite+aiosqlite:///./var/hitotsu.db",
        repr=False,
        description=(
            "データベース。既定は SQLite のファイル、本番は postgresql+asyncpg://… / "
            "Database: a SQLite file by default, postgresql+asyncpg://… in production."
        ),
    )
    my_number_database_url: str | None = Field(
        default=None,
        repr=False,
        description=(
            "個人番号だけのデータベース。既定は、SQLite では隣の別ファイル、PostgreSQL では同じ"
            "データベースの別スキーマ my_number / Database of My Numbers alone. By default a file "
            "of its own beside the SQLite file, or the schema my_number in the same PostgreSQL "
            "database."
        ),
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        pattern=r"^https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?$",
        description=(
            "連携先から見えるこのゲートウェイのURL（末尾の斜線なし）。トークンの発行者・宛先 / "
            "URL of this gateway as consumers see it, without a final slash; issuer and audience "
            "of tokens."
        ),
    )
    trusted_proxies: list[IPvAnyNetwork] = Field(
        default_factory=list,
        description=(
            '手前で TLS を終えるプロキシーのアドレス（JSON の配列。例 ["192.0.2.7"]）。ここにある'
            "相手が付けたクライアント証明書と X-Forwarded-For だけを信じる / Addresses or networks "
            "of the proxies at which TLS ends, as a JSON array; only their word is taken for the "
            "client's certificate and address."
        ),
    )
    client_certificate_header: str = Field(
        default="Client-Cert",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description=(
            "プロキシーがクライアント証明書を入れるヘッダー。RFC 9440 の形か、URL エンコードした "
            "PEM / Header in which the proxies put the client's certificate: as RFC 9440 has it, "
            "or PEM, URL-encoded."
        ),
    )
    linkage_networks: list[IPvAnyNetwork] = Field(
        default_factory=list,
        description=(
            "庁内データ連携 API（/linkage）を使えるネットワーク（JSON の配列）。"
            "空なら、この API は動かない / Networks of the systems that may use the national "
            "linkage face (/linkage), as a JSON array; without any, there is no such face."
        ),
    )
    outgoing_networks: list[IPvAnyNetwork] = Field(
        default_factory=list,
        description=(
            "接続先のシステムがあるネットワーク（JSON の配列）。書けば、名前を引いた先がこの外なら"
            "つながない。なくても、リンクローカルなどには決してつながない / Networks in which the "
            "systems lie, as a JSON array: with any, nothing outside is called. Link-local and the "
            "like are never called."
        ),
    )
    edge_urls: list[str] = Field(
        default_factory=list,
        description=(
            "要求を取りに行くエッジのアドレス（JSON の配列。例 "
            '["https://edge.example:8443"]）。書けば、こちらから接続して受け取る / Addresses of '
            "the edges that this gateway asks for requests, as a JSON array; it opens the "
            "connections itself."
        ),
    )
    edge_certificate: Path | None = Field(
        default=None,
        description=(
            "エッジとコアの間の TLS で自分が示す証明書（PEM） / Certificate that this side shows "
            "on the link between edge and core, in PEM."
        ),
    )
    edge_key: Path | None = Field(
        default=None,
        description="その証明書の秘密鍵（PEM） / Private key of that certificate, in PEM.",
    )
    edge_ca: Path | None = Field(
        default=None,
        description=(
            "エッジとコアの証明書だけを発行する認証局（PEM）。相手の証明書をこれで確かめる / "
            "Authority that issues the certificates of this link and no others, in PEM."
        ),
    )
    edge_deadline_s: float = Field(
        default=20.0,
        gt=0,
        le=120,
        description=(
            "エッジで要求が回答を待つ秒数。超えると 503（未実行）か 504 を返す / Seconds that a "
            "request waits at the edge; beyond them it gets 503 (not done) or 504."
        ),
    )
    edge_waiting: int = Field(
        default=256,
        ge=1,
        le=10_000,
        description=(
            "エッジで同時に待てる要求の数。超えた分は 503 で返す / Requests that wait at the edge "
            "at a time; further ones are turned away with 503."
        ),
    )
    keys_dir: Path = Field(
        default=Path("./var/keys"),
        description=(
            "鍵のフォルダー。hitotsu keys init が作る。バックアップの対象 / "
            "Folder of the keys, made by `hitotsu keys init`; belongs into the backup."
        ),
    )
    backup_keys_file: Path = Field(
        default=Path("./backup-keys.txt"),
        description=(
            "バックアップを暗号化する公開鍵のファイル（一行に一つ）。hitotsu db backup-key が作る。"
            "秘密鍵はここに置かない / File of the public keys for which backups are encrypted, one "
            "a line, made by `hitotsu db backup-key`; the private key belongs elsewhere."
        ),
    )
    adapters_file: Path = Field(
        default=Path("./adapters.yaml"),
        description=(
            "有効にするアダプターの一覧（YAML） / "
            "The YAML file of the adapters that are switched on."
        ),
    )
    certificates_dir: Path = Field(
        default=Path("./var/certificates"),
        description=(
            "アダプターの証明書のフォルダー。hitotsu adapter certify が書く / Folder of the "
            "certificates of adapters, written by `hitotsu adapter certify`."
        ),
    )
    required_adapter_level: int | None = Field(
        default=None,
        ge=0,
        le=3,
        description=(
            "アダプターに求める証明書の水準（0〜3。3 は試験環境でのリハーサル）。書かなければ"
            "証明書なしでも使う / Level of certificate (3: with a rehearsal) that an adapter needs "
            "to be used; without it none is needed."
        ),
    )
    editions_dir: Path = Field(
        default=Path("./var/editions"),
        description=(
            "取り込んだ標準仕様の版のフォルダー。hitotsu standard import が書く / Folder of the "
            "imported editions of the standard, written by `hitotsu standard import`."
        ),
    )
    editions_in_force: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "業務ごとに使う版（JSON：業務ID → 版）。書かない業務は製品に付属の版 / Edition in "
            'force by business as JSON, {"031": "official-20230929"}; others use the edition '
            "that comes with the product."
        ),
    )
    token_lifetime_s: int = Field(
        default=300,
        ge=30,
        le=MAX_TOKEN_LIFETIME_S,
        description=(
            "アクセストークンの有効秒数（最大 600） / Lifetime of access tokens in seconds, "
            "600 at most."
        ),
    )
    max_body_bytes: int = Field(
        default=262_144,
        ge=1_024,
        le=16_777_216,
        description=(
            "受け付ける本文の上限バイト数 / Largest request body that is accepted, in bytes."
        ),
    )
    question_deadline_s: float = Field(
        default=8.0,
        gt=0,
        le=60,
        description=(
            "一回の照会で各システムの回答を待つ秒数 / Seconds that the systems together have to "
            "answer one question."
        ),
    )
    questions_at_once: int = Field(
        default=256,
        ge=1,
        le=100_000,
        description=(
            "一つのプロセスが同時に受ける照会の数。超えた分は 503 で返す / Questions that one "
            "process takes at a time; further ones are turned away with 503."
        ),
    )
    receipt_lifetime_s: int = Field(
        default=2_678_400,
        ge=60,
        le=31_622_400,
        description=(
            "受領票の値を新しいとみなす秒数（既定 31 日） / Seconds for which the values of a "
            "receipt count as fresh; 31 days by default."
        ),
    )
    submission_keep_days: int = Field(
        default=365,
        ge=1,
        le=3_660,
        description=(
            "本人の申告を預かる日数の上限 / Days that what a citizen states is kept at most."
        ),
    )
    retention_file: Path | None = Field(
        default=None,
        description=(
            "文書管理規程による保存期間のファイル（YAML）。なければ本製品の年数です。 / "
            "File of a town's own retention periods (YAML); without it, those of the product."
        ),
    )
    outbox_poll_s: float = Field(
        default=5.0,
        gt=0,
        le=3_600,
        description=(
            "申告をシステムに渡す間隔（秒） / Interval of handing submissions to the systems, in "
            "seconds."
        ),
    )
    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description=(
            "OpenTelemetry のトレースを送る先（OTLP/HTTP、例 http://127.0.0.1:4318/v1/traces）。"
            "なければ作りません。`pip install 'hitotsu[telemetry]'` が要ります。 / "
            "Where traces are sent (OTLP over HTTP); none are made without it. "
            "Needs `pip install 'hitotsu[telemetry]'`."
        ),
    )
    recall_days: int = Field(
        default=90,
        ge=1,
        le=3_660,
        description=(
            "支援措置が始まったとき、さかのぼって回収を知らせる日数。 / "
            "How many days back addresses are recalled when a person comes under protection."
        ),
    )
    recall_overdue_hours: int = Field(
        default=24,
        ge=1,
        le=720,
        description=(
            "回収のお知らせに連携先がこの時間応えないと、エラーとしてログに出します。 / "
            "A recall that a consumer has not acknowledged for so long is an error in the log."
        ),
    )
    match_misses_per_hour: int = Field(
        default=100,
        ge=1,
        le=100_000,
        description=(
            "一つの連携先が一時間に、基本4情報で一致しない照合をできる回数。超えると 429 を返し、"
            "エラーとしてログに出します。 / "
            "How often one consumer may look for people in vain in an hour; beyond it gets 429 "
            "and an error in the log."
        ),
    )
    consumer_quota: int = Field(
        default=6_000,
        ge=1,
        le=MOST_PER_MINUTE,
        description=(
            "一つの連携先（団体ごと）が一分間に呼び出せる回数。まとめて送ってもこの回数まで。"
            "超えると 429 を返し、エラーとしてログに出します。 / "
            "Calls that one consumer may make in a minute for one municipality, also all at once; "
            "beyond them it gets 429, and an error stands in the log."
        ),
    )
    consumer_quotas: dict[str, Annotated[int, Field(ge=1, le=MOST_PER_MINUTE)]] = Field(
        default_factory=dict,
        description=(
            "ほかと違う回数を呼び出せる連携先（JSON：連携先の ID → 一分間の回数） / "
            'Consumers that may make more or fewer calls in a minute, as JSON: {"benefits-batch": '
            "30000}."
        ),
    )
    subject_quota: int = Field(
        default=60,
        ge=1,
        le=MOST_PER_MINUTE,
        description=(
            "一つの連携先が同じ対象者について一分間に呼び出せる回数。超えると 429 を返します。 / "
            "Calls that one consumer may make about the same person in a minute; beyond them it "
            "gets 429."
        ),
    )
    alert_without: list[str] = Field(
        default_factory=list,
        description=(
            "のぞき見の警報で、回数・人数・時間外を数えない連携先の ID（JSON の配列）。24 時間動く"
            "オンライン窓口など / Consumers whose many or nightly look-ups raise no alert, as a "
            "JSON array: online services that work day and night."
        ),
    )
    drain_notice_s: float = Field(
        default=1.0,
        ge=0,
        le=60,
        description=(
            "終了の合図を受けてから少なくともこの秒数は待ち受けを続け、"
            "新しい要求に 503 を返します。負荷分散装置が気付くまでの時間にします。 / "
            "Asked to end, the gateway listens for at least these seconds and answers new requests "
            "with 503: the time in which a balancer notices."
        ),
    )
    flag_max_age_s: float = Field(
        default=600.0,
        gt=0,
        le=86_400,
        description=(
            "支援措置の写しがこの秒数より古いと、全員の住所類を出さない / With a copy of the "
            "protective measures older than this, nobody's address leaves; in seconds."
        ),
    )
    flag_poll_s: float = Field(
        default=60.0,
        gt=0,
        le=3_600,
        description=(
            "支援措置を読み直す間隔（秒）。flag_max_age_s より短くする。アダプターの poll_s が"
            "長ければ、そちらに従う / Interval of reading the protective measures anew, in "
            "seconds; shorter than flag_max_age_s. A longer poll_s of an adapter counts."
        ),
    )
    audit_head_interval_s: float = Field(
        default=60.0,
        gt=0,
        le=86_400,
        description=(
            "監査記録の木に新しい行を取り込み、ヘッドに署名する間隔（秒） / Interval of taking new "
            "audit records into the tree and signing a head, in seconds."
        ),
    )
    audit_anchor_dir: Path | None = Field(
        default=None,
        description=(
            "新しいヘッドを書き足す外のフォルダー（別の機械、追記専用の媒体）。書けなくても回答は"
            "続くが、指標に出る / Folder outside (another machine, write-once media) to which "
            "every new head is appended; when that fails, answers go on and the figures tell."
        ),
    )
    state_page: bool = Field(
        default=False,
        description=(
            "職員向けの稼働状況ページを出すか。認証がないので庁内ネットワークだけで使う / Whether "
            "the state page for staff is served. It has no login: for the inner network only."
        ),
    )
    console_networks: list[IPvAnyNetwork] = Field(
        default_factory=list,
        description=(
            "職員画面（/console）を使えるネットワーク（JSON の配列）。空なら職員画面はない / "
            "Networks from which staff may use the console (/console), as a JSON array; without "
            "any, there is no console."
        ),
    )
    console_idle_s: int = Field(
        default=1_800,
        ge=1_200,
        le=36_000,
        description=(
            "職員画面を使わないままログインが切れるまでの秒数（20 分以上） / Seconds without use "
            "after which a login to the console is over; 20 minutes at least."
        ),
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="ログの詳しさ / How much is logged: debug, info, warning or error.",
    )

    @field_validator("edge_urls")
    @classmethod
    def _only_over_tls(cls, urls: list[str]) -> list[str]:
        if not all(re.fullmatch(r"https://[^\s/?#@]+", url) for url in urls):
            raise broken_rule(
                "https://edge.example:8443 の形のアドレスにしてください。",
                "each edge is an address like https://edge.example:8443",
            )
        return urls

    @field_validator("trusted_proxies")
    @classmethod
    def _not_everybody(cls, networks: list[IPvAnyNetwork]) -> list[IPvAnyNetwork]:
        if any(network.prefixlen == 0 for network in networks):
            raise broken_rule(
                "すべての相手がプロキシーになり、だれの証明書でも示せてしまいます。",
                "everybody would be a proxy, and could show anybody's certificate",
            )
        return networks

    @field_validator("flag_poll_s")
    @classmethod
    def _polled_before_it_is_old(cls, interval: float, info: ValidationInfo) -> float:
        max_age = info.data.get("flag_max_age_s")
        if max_age is not None and interval >= max_age:
            raise broken_rule(
                "HITOTSU_FLAG_MAX_AGE_S より短くしてください。",
                "must be shorter than HITOTSU_FLAG_MAX_AGE_S",
            )
        return interval

    @model_validator(mode="after")
    def _my_numbers_stand_alone(self) -> Self:
        url = self.my_number_database_url
        if url is not None and url.startswith("sqlite") and _file(url) == _file(self.database_url):
            raise broken_rule(
                "HITOTSU_MY_NUMBER_DATABASE_URL を HITOTSU_DATABASE_URL と分けてください。",
                "HITOTSU_MY_NUMBER_DATABASE_URL must be another file than HITOTSU_DATABASE_URL",
            )
        return self

    @property
    def my_numbers_url(self) -> str:
        """Return where the My Numbers are: never in a file that holds anything else."""
        if self.my_number_database_url is not None:
            return self.my_number_database_url
        return beside(self.database_url)


def misspelled(environment: Iterable[str]) -> Mapping[str, str]:
    """Return which variables look like settings and are none, and which setting may be meant.

    A protection that is switched on under a wrong name would be off, and nobody would be told.
    """
    known = {f"HITOTSU_{name.upper()}" for name in Settings.model_fields}
    found = {}
    for name in sorted(environment):
        if name.startswith("HITOTSU_") and name not in known:
            near = difflib.get_close_matches(name, known, 1, _NEAR)
            if near:
                found[name] = near[0]
    return found


def beside(url: str) -> str:
    """Return the database of My Numbers beside ``url``: another file of SQLite, or the same."""
    address, question, options = url.partition("?")
    if not address.startswith("sqlite") or address.endswith((":memory:", "/")):
        return url
    path = PurePosixPath(address)
    return f"{address.removesuffix(path.suffix)}.my-numbers{path.suffix}{question}{options}"


def _file(url: str) -> str:
    return url.partition("?")[0].partition("://")[2]
