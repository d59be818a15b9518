"""Every refusal and failure that leaves the gateway, as RFC 9457 problem types.

Rooms raise ``Problem``; only ``gateway.api`` turns it into a response. A problem names the thing
and the remedy and never repeats a value that was sent: pointers, item references, purpose ids
and limits only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A stable kind of problem. ``slug`` ends its ``type`` URI and names its page in the docs."""

    slug: str
    status: int
    title_ja: str
    title_en: str
    remedy_ja: str
    remedy_en: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong place: an RFC 6901 JSON Pointer and what is wrong there.

    ``place`` says into what the pointer points: ``body``, ``query``, ``path`` or ``header``.
    """

    pointer: str
    detail_ja: str
    detail_en: str
    place: str = "body"


class Problem(Exception):
    """A refusal or failure of a known type.

    Args:
        slug: a key of ``PROBLEM_TYPES``.
        detail_ja: what happened here, for people; free of personal and of sent values.
        detail_en: the same in English.
        errors: wrong places in the request body.
        headers: HTTP headers the response must carry, such as ``Retry-After``.
        extensions: extra members of the problem document.

    Raises:
        KeyError: the slug is not registered.

    """

    def __init__(
        self,
        slug: str,
        detail_ja: str = "",
        detail_en: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(slug)
        self.type = PROBLEM_TYPES[slug]
        self.detail_ja = detail_ja
        self.detail_en = detail_en
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})


def _types(*rows: tuple[str, int, str, str, str, str]) -> dict[str, ProblemType]:
    return {row[0]: ProblemType(*row) for row in rows}


PROBLEM_TYPES: Mapping[str, ProblemType] = _types(
    (
        "invalid-body",
        422,
        "リクエストの内容に誤りがあります",
        "The request body is not valid",
        "errors に示した場所を直して、もう一度送ってください。",
        "Correct the places listed in errors and send the request again.",
    ),
    (
        "malformed-json",
        400,
        "JSON として読めません",
        "The body is not JSON",
        "UTF-8 の JSON を送ってください。",
        "Send JSON in UTF-8.",
    ),
    (
        "unknown-item",
        422,
        "存在しないデータ項目です",
        "No such data item",
        "GET /v1/catalogue で項目の参照名を確かめてください。",
        "Look the item up in GET /v1/catalogue.",
    ),
    (
        "unknown-purpose",
        403,
        "登録されていない事務（利用目的）です",
        "No such purpose",
        "利用目的の登録を自治体の担当者に依頼してください。",
        "Ask the municipality to register the purpose.",
    ),
    (
        "purpose-not-granted",
        403,
        "この利用目的では照会できません",
        "Purpose not granted",
        "許可の有無と有効期間を自治体の担当者に確かめてください。",
        "Ask the municipality about the grant and its dates.",
    ),
    (
        "item-not-granted",
        403,
        "許可されていないデータ項目が含まれています",
        "Item not granted",
        "許可された項目だけを照会するか、許可の追加を依頼してください。",
        "Ask only for granted items, or request an extension of the grant.",
    ),
    (
        "relation-not-granted",
        403,
        "この範囲の人（世帯など）の照会は許可されていません",
        "Relation not granted",
        "許可された範囲（本人、または許可された基礎の世帯）で照会するか、許可の追加を依頼してください。",
        "Ask within the granted relation and basis, or request an extension of the grant.",
    ),
    (
        "too-many-members",
        422,
        "世帯の人数が上限を超えています",
        "Too many members",
        "施設などの場合は、対象者を一人ずつ照会してください。",
        "For an institution, ask for people one by one.",
    ),
    (
        "mode-not-granted",
        403,
        "許可の分だけの回答（mode: intersect）は認められていません",
        "The mode intersect is not granted",
        "許可された項目だけを照会するか、許可の変更を自治体の担当者に依頼してください。",
        "Ask only for granted items, or ask the municipality to allow the mode.",
    ),
    (
        "login-invalid",
        400,
        "本人のログインの証明を受け付けられません",
        "The proof of the citizen's login is not accepted",
        "本人にもう一度ログインしてもらい、この連携先あての新しい証明を送ってください。",
        "Let the citizen log in again and send a new proof that is for this client.",
    ),
    (
        "login-not-linked",
        403,
        "ログインした人が、対象者と結び付いていません",
        "Whoever has logged in is not linked to a person",
        "本人確認のうえで結び付けるよう、窓口での手続きを案内してください。",
        "Ask the citizen to have the login linked at the office.",
    ),
    (
        "login-needed",
        401,
        "本人のログインが必要です",
        "A login of the citizen is needed",
        "本人のログインの証明を subject_token にして、新しいトークンを取得してください。",
        "Get a new token with the proof of the citizen's login as subject_token.",
    ),
    (
        "login-other-subject",
        403,
        "ログインした本人とは別の人です",
        "Not the person who has logged in",
        "トークンの取得か GET /v1/representations で返ったハンドルで照会してください。",
        "Ask with the handle that came with the token, or one of GET /v1/representations.",
    ),
    (
        "unknown-subject",
        404,
        "対象者が見つかりません",
        "No such subject",
        "この連携先に発行されたハンドルかどうかを確かめてください。",
        "Use a handle that was issued to this client.",
    ),
    (
        "right-not-granted",
        403,
        "この利用目的では使えない機能です",
        "Right not granted",
        "機能の許可を自治体の担当者に依頼してください。",
        "Ask the municipality to grant the right.",
    ),
    (
        "too-many-misses",
        429,
        "一致しない照合が続いています",
        "Too many searches in vain",
        "Retry-After の時間をおいてください。心当たりがなければ自治体に連絡してください。",
        "Wait as Retry-After says; if you did not send so many, tell the municipality.",
    ),
    (
        "quota-exceeded",
        429,
        "呼び出しが多すぎます",
        "Too many calls",
        "Retry-After の時間をおいてください。通常の利用で起きるなら、自治体に相談してください。",
        "Wait as Retry-After says; if ordinary use brings it about, tell the municipality.",
    ),
    (
        "register-unavailable",
        503,
        "いまは台帳を調べられません",
        "The register cannot be searched now",
        "しばらくしてからもう一度送ってください。一致しなかったという意味ではありません。",
        "Send the request again later; this does not say that nobody matched.",
    ),
    (
        "unknown-event",
        404,
        "お知らせが見つかりません",
        "No such event",
        "GET /v1/events で、この連携先へのお知らせの番号を確かめてください。",
        "Look up the ids of this client's events with GET /v1/events.",
    ),
    (
        "cursor-invalid",
        400,
        "続きの位置（cursor）が無効です",
        "Cursor not valid",
        "直前の応答の next をそのまま送るか、cursor なしで最初から取り直してください。",
        "Send next of the last answer as it is, or start again without a cursor.",
    ),
    (
        "token-missing",
        401,
        "アクセストークンがありません",
        "Access token missing",
        "Authorization: DPoP トークン と、DPoP ヘッダーの証明を付けてください。",
        "Send Authorization: DPoP with the token, and a proof in the header DPoP.",
    ),
    (
        "token-invalid",
        401,
        "アクセストークンが無効です",
        "Access token not valid",
        "POST /oauth/token で新しいトークンを取得してください。",
        "Get a new token from POST /oauth/token.",
    ),
    (
        "proof-invalid",
        401,
        "鍵の所持の証明（DPoP）が正しくありません",
        "The DPoP proof is not valid",
        "呼び出しごとに、トークンを取得した鍵で新しい証明を作ってください。",
        "Make a new proof for each call, with the key that the token was issued to.",
    ),
    (
        "proof-nonce-needed",
        401,
        "証明に nonce が必要です",
        "The proof needs a nonce",
        "DPoP-Nonce ヘッダーの値を nonce に入れた証明で、もう一度送ってください。",
        "Repeat the call with a proof that holds the value of the header DPoP-Nonce.",
    ),
    (
        "signature-invalid",
        401,
        "メッセージの署名がないか、正しくありません",
        "The message is not signed, or its signature is not valid",
        "Accept-Signature ヘッダーの項目を、登録済みの鍵で署名してください（RFC 9421）。",
        "Sign what the header Accept-Signature lists with a registered key (RFC 9421).",
    ),
    (
        "client-authentication-failed",
        401,
        "クライアント認証に失敗しました",
        "Client authentication failed",
        "登録済みの鍵で署名した private_key_jwt を送ってください。",
        "Send a private_key_jwt signed with a registered key.",
    ),
    (
        "token-request-invalid",
        400,
        "トークン要求に誤りがあります",
        "Token request not valid",
        "grant_type、client_assertion、authorization_details を確かめてください。",
        "Check grant_type, client_assertion and authorization_details.",
    ),
    (
        "not-found",
        404,
        "このアドレスには何もありません",
        "Nothing at this address",
        "/docs で正しいアドレスを確かめてください。",
        "See /docs for the addresses.",
    ),
    (
        "operation-ended",
        410,
        "この操作は終わりました",
        "This operation has ended",
        "successor に示した操作に移ってください。なければ /docs を見てください。",
        "Use the operation that successor names; without one, see /docs.",
    ),
    (
        "method-not-allowed",
        405,
        "このメソッドは使えません",
        "Method not allowed",
        "Allow ヘッダーにあるメソッドを使ってください。",
        "Use a method of the Allow header.",
    ),
    (
        "unsupported-media-type",
        415,
        "この形式の本文は受け取れません",
        "Unsupported media type",
        "Content-Type に正しい形式を指定してください。",
        "Send the documented Content-Type.",
    ),
    (
        "not-acceptable",
        406,
        "求められた形式では返せません",
        "Not acceptable",
        "Accept に application/json を含めてください。",
        "Accept application/json.",
    ),
    (
        "body-too-large",
        413,
        "本文が大きすぎます",
        "Body too large",
        "上限以下に分けて送ってください。",
        "Send less than the stated limit.",
    ),
    (
        "audit-unavailable",
        503,
        "記録を残せないため回答できません",
        "No answer without an audit record",
        "しばらくしてからもう一度お試しください。",
        "Try again later.",
    ),
    (
        "malformed-request",
        400,
        "リクエストの形が正しくありません",
        "The request is malformed",
        "/docs の例と見比べて、もう一度送ってください。",
        "Compare the request with the examples in /docs and send it again.",
    ),
    (
        "number-outside-body",
        400,
        "個人を示す番号は、アドレスにもヘッダーにも入れられません",
        "Numbers of persons must not stand in an address or a header",
        "個人を示す番号は、パス・クエリー・ヘッダーに入れないでください。対象者は本文のハンドルで示します。",
        "Keep numbers of persons out of path, query and headers; send a handle in the body.",
    ),
    (
        "request-timeout",
        408,
        "要求が時間内に届きませんでした",
        "The request did not arrive in time",
        "回線の状態を確かめて、もう一度送ってください。",
        "Check the connection and send the request again.",
    ),
    (
        "headers-too-large",
        431,
        "ヘッダーが大きすぎます",
        "Headers too large",
        "アドレスとヘッダーを合わせて 64 KiB 以下にしてください。",
        "Keep address and headers together within 64 KiB.",
    ),
    (
        "not-ready",
        503,
        "まだ照会を受け付けられません",
        "Not ready",
        "checks に示した項目を確かめてください。",
        "Look at the failed entries of checks.",
    ),
    (
        "internal-error",
        500,
        "内部で誤りが起きました",
        "Internal error",
        "trace_id を添えて自治体の担当者に連絡してください。",
        "Report the trace_id to the municipality.",
    ),
    (
        "systems-closed",
        503,
        "照会先のシステムがすべて閉局中です",
        "Every system asked is closed",
        "Retry-After の秒数がたってから、もう一度照会してください。",
        "Ask again after Retry-After.",
    ),
    (
        "required-part-unavailable",
        503,
        "なくてはならない部分に答えられません",
        "A required part cannot be answered",
        "errors に示したグループを require から外すか、しばらくしてから照会してください。",
        "Leave the groups in errors out of require, or ask again later.",
    ),
    (
        "required-part-late",
        504,
        "なくてはならない部分が時間内に届きませんでした",
        "A required part did not arrive in time",
        "しばらくしてから、もう一度照会してください。",
        "Ask again later.",
    ),
    (
        "part-not-found",
        404,
        "照会先に、この人の記録がありません",
        "The source has no record of the person",
        "対象者と項目を確かめてください。必要な内容は、本人に記入してもらいます。",
        "Check subject and items; ask the person for what is needed.",
    ),
    (
        "part-not-granted",
        403,
        "このグループの項目は許可されていません",
        "No item of the group is granted",
        "必要なら、自治体に許可を依頼してください。",
        "Ask the municipality for a grant where it is needed.",
    ),
    (
        "part-not-supplied",
        404,
        "このグループを提供するシステムがありません",
        "No system supplies the group",
        "本人に記入してもらうか、書類を添えてもらってください。",
        "Ask the person to fill it in, or for a document.",
    ),
    (
        "part-unavailable-planned",
        503,
        "照会先のシステムは閉局中です",
        "The source is closed by its calendar",
        "opens_at の時刻のあとで、もう一度照会してください。",
        "Ask again after opens_at.",
    ),
    (
        "part-unavailable",
        503,
        "照会先のシステムから、使える答えが得られません",
        "The source gives no answer that can be used",
        "記録がないという意味ではありません。しばらくしてから、もう一度照会してください。",
        "It does not mean that there is no record. Ask again later.",
    ),
    (
        "part-timeout",
        504,
        "照会先のシステムが時間内に答えませんでした",
        "The source did not answer in time",
        "記録がないという意味ではありません。もう一度照会してください。",
        "It does not mean that there is no record. Ask again.",
    ),
    (
        "part-stale",
        503,
        "求められた新しさの内容がありません",
        "Nothing is as fresh as was asked for",
        "max_age を長くするか、しばらくしてから照会してください。",
        "Allow a longer max_age, or ask again later.",
    ),
    (
        "part-conflict",
        409,
        "記録どうしが矛盾していて、どれも選べません",
        "Records contradict each other, and none is picked",
        "この情報を担当する窓口に確かめてください。",
        "Ask the office in charge of this information.",
    ),
    (
        "part-lost-in-mapping",
        502,
        "記録はありますが、標準の形にできません",
        "There is a record, but it could not be mapped",
        "値を推測せず、trace_id を添えて自治体の担当者に連絡してください。",
        "Do not guess a value; report the trace_id to the municipality.",
    ),
    (
        "part-no-history",
        404,
        "指定された日の内容は、照会先では分かりません",
        "The source cannot say what held on the day asked for",
        "as_of を外すか、その日の内容が分かる書類を求めてください。",
        "Leave as_of out, or ask for a document that shows that day.",
    ),
    (
        "idempotency-key-missing",
        400,
        "Idempotency-Key がありません",
        "Idempotency-Key missing",
        "提出ごとに新しい値を Idempotency-Key に入れ、送り直すときは同じ値にしてください。",
        "Send a new Idempotency-Key with each submission, and the same one when repeating it.",
    ),
    (
        "idempotency-key-reused",
        422,
        "同じ Idempotency-Key で別の内容が送られました",
        "Idempotency-Key used for another body",
        "別の内容には新しい Idempotency-Key を使ってください。",
        "Use a new Idempotency-Key for another body.",
    ),
    (
        "idempotency-in-flight",
        409,
        "同じ Idempotency-Key の呼び出しを処理しています",
        "A call with this Idempotency-Key is being worked on",
        "Retry-After の秒数がたってから、同じ内容をもう一度送ってください。",
        "Send the same call again after Retry-After.",
    ),
    (
        "consent-needed",
        403,
        "本人の同意が必要です",
        "The person's consent is needed",
        "items の項目について本人の同意を得て、POST /v1/consents に登録してください。",
        "Get the person's consent for the items and register it with POST /v1/consents.",
    ),
    (
        "unknown-consent",
        404,
        "同意が見つかりません",
        "No such consent",
        "この連携先が、この対象者について預けた同意の番号かどうかを確かめてください。",
        "Use the id of a consent of this client and this person.",
    ),
    (
        "flag-push-out-of-order",
        409,
        "この番号の知らせは、別の内容で受け取っています",
        "A message of this number was received with other content",
        "next_sequence に示した番号で送り直してください。",
        "Send it again with the number given in next_sequence.",
    ),
    (
        "unknown-submission",
        404,
        "提出が見つかりません",
        "No such submission",
        "この連携先が、この対象者について預けた提出の番号かどうかを確かめてください。",
        "Use the id of a submission of this client and this person.",
    ),
    (
        "preview-invalid",
        422,
        "この確認内容では発行できません",
        "Not a preview of this client",
        "POST /v1/evidence/previews をもう一度呼び、返された preview を使ってください。",
        "Call POST /v1/evidence/previews and use the preview that it returns.",
    ),
    (
        "preview-outdated",
        409,
        "本人が見た内容から変わっています",
        "No longer what the citizen saw",
        "もう一度内容を見せて、本人に確かめてもらってください。",
        "Show the citizen a new preview.",
    ),
    (
        "evidence-not-certifiable",
        422,
        "本人の申告は証明できません",
        "A statement of the person cannot be certified",
        "役所の記録にある項目だけを証明に入れてください。",
        "Leave out the items that no register holds.",
    ),
    (
        "unknown-evidence",
        404,
        "証明が見つかりません",
        "No such evidence",
        "この連携先が、この対象者について発行した証明の番号かどうかを確かめてください。",
        "Use the id of a statement that this client released of this person.",
    ),
    (
        "store-unavailable",
        503,
        "ゲートウェイのデータベースに接続できません",
        "The gateway's database cannot be reached",
        "少し待って、もう一度（同じ Idempotency-Key で）送ってください。回答は出ていません。",
        "Wait a moment and send it again, with the same Idempotency-Key: no answer has left.",
    ),
    (
        "overloaded",
        503,
        "混み合っています",
        "Too busy",
        "Retry-After に示した時間をおいてください。",
        "Wait as Retry-After says.",
    ),
    (
        "core-unreachable",
        503,
        "庁内のゲートウェイにつながっていません",
        "The gateway inside is not connected",
        "要求は実行されていません。Retry-After に示した時間をおいて、もう一度送ってください。",
        "Nothing was done. Send the request again after Retry-After.",
    ),
    (
        "core-late",
        504,
        "庁内のゲートウェイの応答が間に合いませんでした",
        "The gateway inside did not answer in time",
        "実行されたか分かりません。書き込みは、同じ Idempotency-Key でもう一度送ってください。",
        "It may have been done. Send a write again with the same Idempotency-Key.",
    ),
    (
        "shutting-down",
        503,
        "このゲートウェイは停止の途中です",
        "This gateway is going down",
        "もう一度送ってください。負荷分散装置があれば、ほかのゲートウェイが答えます。",
        "Send the request again; behind a balancer another gateway answers.",
    ),
)
