"""API9: no operation is forgotten: each is described, or it is said here why not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from fastapi import FastAPI
from starlette.routing import compile_path

from gateway.api.lifecycle import LifecycleError, Line, read_lifecycle
from gateway.app import create_app
from gateway.clock import TOKYO
from gateway.keys import FileKeyStore
from gateway.linkage.description import describe
from gateway.settings import Settings
from standard_models.builtin import load_builtin
from tests.acceptance.every_operation import Operation, operations_of

NATIONAL: Final = "of the national face, whose own rules and document describe its tokens"
PAGE: Final = "a page for people, which no program calls"
STAFF: Final = "a page of staff, behind their log-in and their networks"
FILE: Final = "a file of the pages"

UNDESCRIBED: Final[Mapping[Operation, str]] = {
    ("GET", "/openapi.json"): "the description itself",
    ("GET", "/linkage/openapi.json"): "the description of the national face itself",
    ("POST", "/linkage/oauth/token"): NATIONAL,
    ("POST", "/linkage/oauth/introspect"): NATIONAL,
    ("GET", "/docs"): PAGE,
    ("GET", "/problems"): PAGE,
    ("GET", "/problems/{slug}"): PAGE,
    ("GET", "/evidence/verify"): PAGE,
    **dict.fromkeys(
        [
            ("GET", "/console"),
            ("GET", "/console/adapters"),
            ("GET", "/console/approvals"),
            ("POST", "/console/approvals"),
            ("POST", "/console/approvals/check"),
            ("POST", "/console/approvals/close"),
            ("GET", "/console/audit"),
            ("GET", "/console/audit/{search}"),
            ("POST", "/console/audit/{search}"),
            ("POST", "/console/audit/{search}/export"),
            ("GET", "/console/disclosure"),
            ("POST", "/console/disclosure"),
            ("GET", "/console/enrol"),
            ("POST", "/console/enrol"),
            ("POST", "/console/enrol/finish"),
            ("POST", "/console/language"),
            ("GET", "/console/login"),
            ("POST", "/console/login"),
            ("POST", "/console/logout"),
            ("GET", "/console/measures"),
            ("POST", "/console/measures"),
            ("POST", "/console/measures/end"),
            ("POST", "/console/measures/extend"),
            ("POST", "/console/measures/look"),
            ("GET", "/console/measures/new"),
            ("POST", "/console/measures/new"),
            ("POST", "/console/measures/new/check"),
            ("GET", "/console/persons"),
            ("POST", "/console/persons"),
            ("GET", "/console/persons/{reference}"),
            ("GET", "/console/persons/{reference}/{business}"),
            ("POST", "/console/persons/{reference}/duty"),
            ("GET", "/console/reveals/{reference}"),
            ("POST", "/console/reveals/{reference}"),
            ("POST", "/console/reveals/{reference}/check"),
        ],
        STAFF,
    ),
    **dict.fromkeys(
        [
            ("GET", "/assets/adapters.js"),
            ("GET", "/assets/console.css"),
            ("GET", "/assets/docs.css"),
            ("GET", "/assets/docs.js"),
            ("GET", "/assets/page.css"),
            ("GET", "/assets/swagger-ui-bundle.js"),
            ("GET", "/assets/swagger-ui.css"),
            ("GET", "/assets/tokens.css"),
        ],
        FILE,
    ),
}
"""What stands in no description, and why."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return those of an installation with everything switched on."""
    FileKeyStore(tmp_path / "keys").create()
    (tmp_path / "adapters.yaml").write_text("adapters: []\n")
    return Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'hitotsu.db'}",
        keys_dir=tmp_path / "keys",
        adapters_file=tmp_path / "adapters.yaml",
        linkage_networks=["127.0.0.1"],
        console_networks=["127.0.0.1"],
        state_page=True,
    )


def described(app: FastAPI) -> set[Operation]:
    """Return the operations of the gateway's own description."""
    paths = app.openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_every_route_is_described_or_it_is_said_why_not(settings: Settings) -> None:
    """Hidden ones too: the national face, staff, pages, files, figures."""
    app = create_app(settings)
    national = {
        (method.upper(), path)
        for path, methods in describe(load_builtin(), "https://gateway.test")["paths"].items()
        for method in methods
    }
    routes = set(operations_of(app.routes))
    of_nation = {
        (method, path)
        for method, path in routes
        if any(m == method and compile_path(path)[0].match(p) for m, p in national)
    }
    assert of_nation == {("POST", "/linkage/{business}/app_submit/v10/{name}")}
    assert routes - described(app) - of_nation == set(UNDESCRIBED)
    assert described(app) <= routes


def test_what_is_described_without_any_switch_is_all_that_is_open_to_consumers(
    settings: Settings,
) -> None:
    """Switching faces on adds nothing to the description that others read."""
    bare = settings.model_copy(
        update={"linkage_networks": (), "console_networks": (), "state_page": False}
    )
    assert described(create_app(bare)) == described(create_app(settings))


def test_what_the_release_says_of_its_operations_can_be(settings: Settings) -> None:
    """Every line of ``lifecycle.yaml`` names what is there; today nothing is going away."""
    assert read_lifecycle() == ()
    paths = create_app(settings).openapi()["paths"]
    assert not any(o.get("deprecated") for methods in paths.values() for o in methods.values())


def test_the_gateway_does_not_start_when_a_line_names_what_is_not_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would be told."""
    at = "2027-01-01T00:00:00+09:00"
    line = Line.model_validate({"operation": "POST /v1/question", "deprecated": at})
    assert line.deprecated.astimezone(TOKYO).isoformat() == at
    monkeypatch.setattr("gateway.app.read_lifecycle", lambda: (line,))
    with pytest.raises(LifecycleError, match=r"there is no operation of POST /v1/question"):
        create_app(settings)
