"""The OpenAPI document of the linkage face, made from the editions. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.linkage.number_calls import HISTORY, LOOK_UP, REGISTER, TITLES, number_edition
from gateway.linkage.service import INTROSPECTION_PATH, TOKEN_PATH
from gateway.predicates.predicates import BUSINESS as PREDICATES
from standard_models.api_specifications import ResponseNode
from standard_models.dictionary import Condition, DataItem, Dictionary

_STATUSES = {400: "parameters", 401: "token", 503: "unexpected"}
_PERSON = ("shikuchosonkodo", "atenabango")


def describe(dictionary: Dictionary, public_url: str) -> dict[str, Any]:
    """Return the description of every call that the installed editions allow."""
    edition = number_edition(dictionary)
    items = edition.groups[0].items
    nodes = edition.api.responses if edition.api else ()
    person = [item for item in items if item.field_name in _PERSON]
    paths = {
        f"/linkage/031/{REGISTER}": _call(TITLES[REGISTER], items, nodes, "Create"),
        f"/linkage/031/{LOOK_UP}": _call(TITLES[LOOK_UP], person, nodes, "Read"),
        f"/linkage/031/{HISTORY}": _call(TITLES[HISTORY], person, nodes, "Read"),
    }
    national = (g for g in dictionary.groups.values() if g.business_id != PREDICATES)
    for group in national:
        path = f"/linkage/{group.business_id}/app_submit/v10/{group.key}"
        paths.setdefault(path, _call(group.name, person, nodes, "Read"))
    return {
        "openapi": "3.1.0",
        "info": {"title": "庁内データ連携 / National linkage face", "version": "2.0"},
        "servers": [{"url": public_url}],
        "security": [{"client_secret_jwt": []}],
        "paths": {path: {"post": operation} for path, operation in paths.items()},
        "components": {
            "securitySchemes": {
                "client_secret_jwt": {
                    "type": "oauth2",
                    "description": f"HS256; introspection (RFC 7662): {INTROSPECTION_PATH}",
                    "flows": {
                        "clientCredentials": {"tokenUrl": public_url + TOKEN_PATH, "scopes": {}}
                    },
                }
            }
        },
    }


def _call(
    title: str, items: Sequence[DataItem], nodes: Sequence[ResponseNode], operation: str
) -> dict[str, Any]:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": [i.field_name for i in items if i.condition is Condition.REQUIRED],
        "properties": {i.field_name: _property(i) for i in items},
    }
    responses: dict[str, Any] = {"200": {"description": title}}
    for status, description in _STATUSES.items():
        members = [n.name for n in nodes if n.status == status and n.level == 2]
        content = {"schema": {"type": "object", "required": members}}
        responses[str(status)] = {
            "description": description,
            "content": {"application/json": content},
        }
    return {
        "summary": f"{title} ({operation})",
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": responses,
    }


def _property(item: DataItem) -> Mapping[str, Any]:
    return {"type": "string", "title": item.name, "maxLength": item.length}
