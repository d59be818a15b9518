"""``hitotsu adapter rehearse``: an adapter with the test system of a town."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from adapters.conformance.rehearsals import Rehearsal, Statement, file_name, record_of
from adapters.conformance.rehearsing import BY_HAND, Findings, rehearse
from adapters.errors import AdapterError
from adapters.manifest import Capability
from adapters.registry import InstalledAdapter, discover
from gateway.cli.options import Municipality
from gateway.cli.session import (
    REFUSED,
    fail,
    new_table,
    out,
    read_dictionary,
    read_numbers,
    read_settings,
    run,
    say,
)
from gateway.clock import SystemClock
from gateway.connections.config import AdaptersFileError, EnabledAdapter, read_adapters_file
from gateway.connections.destinations import outgoing
from gateway.connections.http import open_http_client
from gateway.connections.service import host_of
from gateway.logs import open_log
from gateway.settings import Settings

ByHand = Annotated[
    list[str] | None,
    typer.Option(
        "--by-hand",
        help="画面で確かめた能力と、その記録（search=記録の名前） / A capability that was tried at "
        "the screens, and the document of it.",
    ),
]


def rehearse_(
    adapter: Annotated[str, typer.Argument(help="アダプターの ID / Id of the adapter.")],
    municipality: Municipality,
    security_review: Annotated[
        str, typer.Option(help="セキュリティ審査の記録の名前 / Document of the security review.")
    ],
    support: Annotated[
        str, typer.Option(help="保守の約束の文書の名前 / Document of the vendor's support.")
    ],
    by_hand: ByHand = None,
    run_by: Annotated[
        str | None, typer.Option(help="誰が行ったか（既定は利用者名） / Who ran it.")
    ] = None,
    directory: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="書き先（既定は設定のフォルダー） / Where to write it."),
    ] = None,
) -> None:
    """試験環境でリハーサルを行い、記録を書く（番号は標準入力） / Rehearse with the test system."""
    settings = read_settings()
    package, entry = enabled_adapter(settings, adapter, municipality)
    hands = _by_hand(by_hand or [])
    wanted = Capability.FETCH in package.manifest.capabilities
    numbers = read_numbers() if wanted else []
    record = record_of(
        run(_rehearsed(settings, package, entry, numbers)),
        package.manifest,
        package.folder(),
        Statement(hands, security_review, support, run_by or getpass.getuser()),
        municipality=municipality,
        run_at=SystemClock().now(),
    )
    folder = directory or settings.certificates_dir
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(record)
    path.write_text(f"{record.model_dump_json(indent=2)}\n", "utf-8")
    _print(record)
    say(f"記録を {path} に書きました。", f"written to {path}")
    reason = record.holds_for(
        package.manifest, record.package_sha256, municipality, record.run_at.date()
    )
    if reason is not None:
        fail(f"水準 3 にはなりません（{reason}）。", f"no level 3: {reason}", REFUSED)
    say(
        f"水準 2 の証明書と合わせて水準 3 です（{record.expires} まで）。",
        f"level 3 with a certificate of level 2, until {record.expires}",
    )


def enabled_adapter(
    settings: Settings, adapter: str, municipality: str
) -> tuple[InstalledAdapter, EnabledAdapter]:
    """Return an adapter that is switched on, or end the command and say what is wrong."""
    try:
        entries = read_adapters_file(settings.adapters_file).adapters
    except AdaptersFileError as error:
        wrong = "; ".join(error.problems)
        fail(f"アダプターの設定に誤りがあります（{wrong}）", f"adapters file: {wrong}")
    key = (adapter, municipality)
    entry = next((e for e in entries if (e.adapter, e.municipality) == key), None)
    found = next((a for a in discover() if a.id == adapter), None)
    if entry is None or not isinstance(found, InstalledAdapter):
        fail(
            f"{adapter} は {municipality} で有効になっていません。",
            f"{adapter} is not enabled in {municipality}",
            REFUSED,
        )
    return found, entry


def _by_hand(words: list[str]) -> dict[Capability, str]:
    found = {}
    for word in words:
        name, _, document = word.partition("=")
        if name not in BY_HAND or not document.strip():
            names = "、".join(sorted(BY_HAND))
            fail(
                f"--by-hand は「能力=記録の名前」です（{names}）。",
                f"--by-hand is capability=document ({', '.join(sorted(BY_HAND))})",
                2,
            )
        found[Capability(name)] = document.strip()
    return found


async def _rehearsed(
    settings: Settings, package: InstalledAdapter, entry: EnabledAdapter, numbers: list[str]
) -> Findings:
    dictionary = read_dictionary(settings)
    async with open_http_client(destinations=outgoing(settings)) as http:
        log = open_log(settings.log_level)
        host = host_of(entry, http, SystemClock(), log, dictionary)
        try:
            adapter = package.open(host, entry.settings)
        except AdapterError as error:
            fail(f"開けません（{error.detail}）", error.detail, REFUSED)
        try:
            return await rehearse(adapter, package.manifest, dictionary, numbers)
        except Exception as crash:  # noqa: BLE001 - vendor code; its words may hold personal data
            name = type(crash).__name__
            fail(
                f"アダプターが異常終了しました（{name}）。", f"the adapter crashed: {name}", REFUSED
            )
        finally:
            await adapter.aclose()


def _print(record: Rehearsal) -> None:
    table = new_table(
        "能力 / Capability", "グループ / Group", "照会 / Calls", "記録 / Records",
        "失われた / Lost", "なし / None", "接続先の件数 / Stated",
    )  # fmt: skip
    stated = {total.group: total.stated for total in record.totals}
    for tried in record.tried:
        extracted = tried.capability is Capability.EXTRACT
        total = stated.get(tried.group) if extracted else None
        figures = (tried.calls, tried.records, tried.lost, tried.empty)
        row = [str(figure) for figure in figures]
        table.add_row(tried.capability, tried.group, *row, "" if total is None else str(total))
    out().print(table)
    for difference in record.differences:
        out().print(f"  - {difference}", markup=False, soft_wrap=True)
