"""API9: adapters that nobody uses, and routes to adapters that are not there."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
import yaml

from adapters.manifest import Manifest
from adapters.registry import InstalledAdapter, QuarantinedAdapter, discover
from gateway.app import create_app
from gateway.clock import SystemClock
from gateway.connections.config import EnabledAdapter
from gateway.keys import FileKeyStore
from gateway.logs import open_log
from gateway.routes import (
    BROKEN,
    Finding,
    Forgotten,
    Route,
    RouteMode,
    RouteService,
    RouteStore,
    forgotten,
)
from gateway.settings import Settings
from gateway.store.engine import Store

TOWN, OTHER = "999997", "999989"
RESIDENT, TAX = "001.juminkihonjoho", "010.kazeikihonjoho"
INSTALLED = [a for a in discover() if a.id in {"reference-resident", "reference-tax"}]
BROKEN_PACKAGE = QuarantinedAdapter("broken", "broken", "manifest", "壊れている", "is broken")


def on(*pairs: tuple[str, str]) -> list[EnabledAdapter]:
    return [EnabledAdapter(adapter=adapter, municipality=town) for town, adapter in pairs]


def route(town: str, group: str, adapter: str) -> tuple[str, Route]:
    return town, Route(group, RouteMode.LEGACY, adapter)


BOTH_ON = on((TOWN, "reference-resident"), (TOWN, "reference-tax"))
BOTH_ROUTED = [route(TOWN, RESIDENT, "reference-resident"), route(TOWN, TAX, "reference-tax")]


def test_nothing_is_forgotten_where_everything_is_used() -> None:
    """Each installed adapter is on and a route leads to it."""
    assert forgotten(INSTALLED, BOTH_ON, BOTH_ROUTED) == []


def test_an_installed_adapter_that_is_on_nowhere_is_told() -> None:
    """Once, whatever towns there are."""
    found = forgotten(INSTALLED, BOTH_ON[:1], BOTH_ROUTED[:1])
    assert found == [Finding(Forgotten.NOT_SWITCHED_ON, "reference-tax")]


def test_an_adapter_that_is_on_without_a_route_is_told_by_its_town() -> None:
    """A route of another town is none."""
    enabled = [*BOTH_ON, *on((OTHER, "reference-tax"))]
    found = forgotten(INSTALLED, enabled, BOTH_ROUTED)
    assert found == [Finding(Forgotten.WITHOUT_ROUTE, "reference-tax", OTHER)]


def test_an_authority_on_flags_is_used_without_any_route() -> None:
    """Its flags protect people."""
    assert forgotten(INSTALLED, BOTH_ON, BOTH_ROUTED[1:]) == []


@pytest.mark.parametrize(
    ("package", "kind"),
    [(None, Forgotten.NOT_INSTALLED), (BROKEN_PACKAGE, Forgotten.NOT_INSTALLED)],
)
def test_an_adapter_that_is_on_but_not_usably_installed_is_told(
    package: QuarantinedAdapter | None, kind: Forgotten
) -> None:
    """Missing or quarantined; and so is each route to it."""
    installed = [*INSTALLED, *([package] if package else [])]
    enabled = [*BOTH_ON, *on((TOWN, "broken"))]
    routes = [*BOTH_ROUTED, route(TOWN, "010.sofusakijoho", "broken")]
    assert forgotten(installed, enabled, routes) == [
        Finding(kind, "broken", TOWN),
        Finding(Forgotten.ROUTE_TO_NOWHERE, "broken", TOWN, "010.sofusakijoho"),
    ]


def test_a_route_to_an_adapter_that_is_not_on_in_its_town_is_told_by_its_group() -> None:
    """Also where it is on elsewhere."""
    routes = [*BOTH_ROUTED, route(OTHER, RESIDENT, "reference-resident")]
    assert forgotten(INSTALLED, BOTH_ON, routes) == [
        Finding(Forgotten.ROUTE_TO_NOWHERE, "reference-resident", OTHER, RESIDENT)
    ]


def test_a_route_to_an_adapter_that_no_longer_supplies_the_group_is_told() -> None:
    """After an update of the package."""
    routes = [*BOTH_ROUTED, route(TOWN, "001.setaiinjoho", "reference-tax")]
    assert forgotten(INSTALLED, BOTH_ON, routes) == [
        Finding(Forgotten.NOT_SUPPLIED, "reference-tax", TOWN, "001.setaiinjoho")
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"lifecycle": "suspended"},
        {"lifecycle": "deprecated", "deprecated_until": dt.date(2027, 3, 31)},
    ],
)
def test_an_adapter_that_its_vendor_gives_up_is_told_where_it_is_on(said: dict[str, str]) -> None:
    """API9: old versions."""
    tax = next(a for a in INSTALLED if a.id == "reference-tax")
    assert isinstance(tax, InstalledAdapter)
    changed = InstalledAdapter(
        Manifest.model_validate(tax.manifest.model_copy(update=said).model_dump()), tax.package
    )
    others = [a for a in INSTALLED if a.id != "reference-tax"]
    assert forgotten([*others, changed], BOTH_ON, BOTH_ROUTED) == [
        Finding(Forgotten.GOING_AWAY, "reference-tax", TOWN)
    ]


def test_only_what_keeps_consumers_from_an_answer_is_broken() -> None:
    """The rest lies about; the command that lists both fails for the first alone."""
    assert set(Forgotten) - BROKEN == {
        Forgotten.NOT_SWITCHED_ON,
        Forgotten.WITHOUT_ROUTE,
        Forgotten.GOING_AWAY,
    }


async def test_a_start_tells_the_log_what_was_forgotten(
    store: Store, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line each; what is installed and on nowhere is no news at a start."""
    routes = RouteService(RouteStore(store), SystemClock())
    await routes.set(TOWN, TAX, "reference-tax", changed_by="cli:sato")
    FileKeyStore(tmp_path / "own-keys").create()
    file = tmp_path / "adapters.yaml"
    entry = {"adapter": "reference-pension", "municipality": TOWN, "settings": {}}
    file.write_text(yaml.safe_dump({"adapters": [entry]}))
    written = io.StringIO()
    monkeypatch.setattr("gateway.app.open_log", lambda level: open_log(level, written))
    settings = Settings(
        database_url=database_url, keys_dir=tmp_path / "own-keys", adapters_file=file
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        pass
    lines = [yaml.safe_load(line) for line in written.getvalue().splitlines()]
    told = [line for line in lines if line["event"] == "adapter-forgotten"]
    assert [(t["kind"], t["adapter"], t["municipality"], t["group"]) for t in told] == [
        ("without-route", "reference-pension", TOWN, ""),
        ("route-to-nowhere", "reference-tax", TOWN, TAX),
    ]
