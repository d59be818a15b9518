"""The machine-readable description: Japanese labels, problems per status, examples that work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from gateway.api.language import Language
from gateway.api.lifecycle import Ending, Operation
from gateway.api.problems import MEDIA_TYPE, ProblemRenderer
from gateway.problems import PROBLEM_TYPES, Problem

_EXAMPLE_TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
_ALWAYS: Final = (
    "malformed-request",
    "number-outside-body",
    "headers-too-large",
    "internal-error",
    "shutting-down",
    "overloaded",
)
_WITH_BODY: Final = (
    "malformed-json",
    "request-timeout",
    "body-too-large",
    "unsupported-media-type",
    "not-acceptable",
    "invalid-body",
)
_WITH_TOKEN: Final = ("token-missing", "token-invalid", "quota-exceeded")

DPOP_HEADER: Final[Mapping[str, Any]] = {
    "name": "DPoP",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "examples": ["eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.c2ln"]},
    "description": "鍵の所持の証明（RFC 9449）。証明書に結び付いたトークンには不要 / proof that "
    "the caller holds its key; not with a token that is bound to a certificate",
}
SECURED: Final[Mapping[str, Any]] = {
    "security": [{"client_credentials": []}, {"dpop": []}],
    "parameters": [DPOP_HEADER],
}
"""``openapi_extra`` of an operation that needs an access token and a proof."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A heading of the description. ``name`` is what routes say; people see the labels."""

    name: str
    label_ja: str
    label_en: str
    description: str

    @property
    def label(self) -> str:
        """Return both labels."""
        return f"{self.label_ja} / {self.label_en}"


TAGS: Final[Sequence[Tag]] = (
    Tag("questions", "照会", "Questions", "必要な項目だけを一度に聞く / Ask once"),
    Tag("subjects", "本人の特定", "Subjects", "基本4情報から対象者へ / From facts to a handle"),
    Tag("accesses", "本人の閲覧記録", "Accesses", "本人が見る、照会の記録 / Who asked about me"),
    Tag(
        "protection",
        "支援措置",
        "Protection",
        "システムからの知らせ / What systems tell of measures",
    ),
    Tag("notices", "本人通知", "Notices", "証明書の交付の知らせ / What was handed out"),
    Tag("events", "お知らせ", "Events", "回収してほしい住所類 / What must be erased"),
    Tag("receipts", "受領票", "Receipts", "渡した値が変えられていないか / Were values altered?"),
    Tag("submissions", "申告", "Submissions", "本人の申告を一度だけ預かる / Stated once"),
    Tag("consents", "同意", "Consents", "本人の同意と取消し / Agreed to, and taken back"),
    Tag("evidence", "証明", "Evidence", "電子署名つきの証明 / Signed statements"),
    Tag("catalogue", "項目カタログ", "Catalogue", "聞ける項目と提供元 / What can be asked"),
    Tag("access", "認証", "Access", "アクセストークンと公開鍵 / Tokens and public keys"),
    Tag("operation", "稼働", "Operation", "生存・準備・数値 / Health, readiness, figures"),
)

PROBLEM_SCHEMA: Final[Mapping[str, Any]] = {
    "title": "問題",
    "description": "RFC 9457 の問題文書。送られた値は繰り返さない / A problem document",
    "type": "object",
    "required": ["type", "title", "status", "detail", "remedy", "instance", "trace_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "種類の説明ページ / its page"},
        "title": {"type": "string", "description": "種類の名前 / name of the kind"},
        "status": {"type": "integer", "description": "HTTP ステータス / HTTP status"},
        "detail": {"type": "string", "description": "今回起きたこと / what happened"},
        "remedy": {"type": "string", "description": "どうすればよいか / what to do"},
        "instance": {"type": "string", "format": "uri", "description": "trace_id の URN"},
        "trace_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "errors": {
            "type": "array",
            "description": "誤りのある場所 / the wrong places",
            "items": {
                "type": "object",
                "required": ["in", "pointer", "detail"],
                "properties": {
                    "in": {"type": "string", "enum": ["body", "query", "path", "header"]},
                    "pointer": {"type": "string", "description": "RFC 6901"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def problem_responses(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """Return ``responses`` of a FastAPI route that can end with these problems.

    What every operation with a body or a token can end with is added to all of them and need not
    be named.
    """
    statuses: dict[int | str, dict[str, Any]] = {}
    for slug in slugs:
        entry = statuses.setdefault(PROBLEM_TYPES[slug].status, {"x-problems": []})
        entry["x-problems"].append(slug)
        entry["description"] = PROBLEM_TYPES[slug].title_ja
    return statuses


def json_request(
    model: type[BaseModel], examples: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return ``openapi_extra`` for a body that ``gateway.api.bodies.json_body`` reads.

    ``examples`` maps a name to ``{summary, value}``; every value is a body that works.
    """
    schema = model.model_json_schema(
        ref_template=f"#/components/schemas/{model.__name__}__{{model}}"
    )
    definitions = schema.pop("$defs", {})
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": schema, "examples": dict(examples)},
            },
        },
        "x-definitions": {f"{model.__name__}__{k}": v for k, v in definitions.items()},
    }


def install_openapi(
    app: FastAPI,
    renderer: ProblemRenderer,
    *,
    token_url: str,
    tags: Sequence[Tag],
    endings: Mapping[Operation, Ending] = MappingProxyType({}),
) -> None:
    """Let ``app.openapi`` describe the gateway as it is; made once, at the first call.

    ``endings`` are the operations that are going away.
    """
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_describe(app, renderer, token_url, tags, endings))
        return made

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _describe(
    app: FastAPI,
    renderer: ProblemRenderer,
    token_url: str,
    tags: Sequence[Tag],
    endings: Mapping[Operation, Ending],
) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=app.description,
        routes=app.routes,
        tags=[{"name": tag.label, "description": tag.description} for tag in tags],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = dict(PROBLEM_SCHEMA)
    components["securitySchemes"] = _security(token_url)
    labels = {tag.name: tag.label for tag in tags}
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            if (ending := endings.get((method.upper(), path))) is not None:
                _mark(operation, ending)
            operation["tags"] = [labels.get(name, name) for name in operation.get("tags", ())]
            schemas.update(operation.pop("x-definitions", {}))
            _add_problems(operation, renderer)
    return document


def _mark(operation: dict[str, Any], ending: Ending) -> None:
    """Say that an operation is going away."""
    facts = ending.facts()
    said = [f"{facts['deprecated'][:10]} から非推奨 / deprecated"]
    if "sunset" in facts:
        said.append(f"{facts['sunset'][:10]} に終了 / ends")
        operation["responses"]["410"] = {"x-problems": ["operation-ended"]}
    if ending.successor:
        said.append(f"代わり / instead: {ending.successor}")
    operation["deprecated"] = True
    operation["x-lifecycle"] = facts
    operation["description"] = f"**{'。'.join(said)}**\n\n{operation.get('description', '')}"


def _add_problems(operation: dict[str, Any], renderer: ProblemRenderer) -> None:
    slugs = [*_ALWAYS]
    if "requestBody" in operation:
        slugs += _WITH_BODY
    elif operation.get("parameters"):
        slugs.append("invalid-body")
    if operation.get("security"):
        slugs += _WITH_TOKEN
    responses = operation["responses"]
    for status in list(responses):
        slugs += responses[status].pop("x-problems", [])
        if not status.startswith("2") and status != "304":
            del responses[status]
    by_status: dict[int, list[str]] = defaultdict(list)
    for slug in dict.fromkeys(slugs):
        by_status[PROBLEM_TYPES[slug].status].append(slug)
    for status, of_status in sorted(by_status.items()):
        responses[str(status)] = _response(of_status, renderer)


def _response(slugs: Sequence[str], renderer: ProblemRenderer) -> dict[str, Any]:
    types = [PROBLEM_TYPES[slug] for slug in slugs]
    examples = {
        kind.slug: {
            "summary": kind.title_ja,
            "value": renderer.document(Problem(kind.slug), Language.JA, _EXAMPLE_TRACE),
        }
        for kind in types
    }
    return {
        "description": " / ".join(kind.title_ja for kind in types),
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
        },
    }


def _security(token_url: str) -> dict[str, Any]:
    return {
        "client_credentials": {
            "type": "oauth2",
            "description": (
                "OAuth 2.0 クライアントクレデンシャル（private_key_jwt）。トークンは一つの自治体と"
                "利用目的に結び付く / Client credentials with private_key_jwt"
            ),
            "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": {}}},
        },
        "dpop": {
            "type": "http",
            "scheme": "dpop",
            "description": (
                "取得したアクセストークン（鍵に結び付く。RFC 9449） / An access token already at "
                "hand, bound to a key"
            ),
        },
    }
