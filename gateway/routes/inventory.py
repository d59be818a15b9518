"""Which adapters nobody uses, and which routes lead to one that is not there. Rule API9. Pure.

What is installed, what is switched on and what routes name are three lists that different people
keep; what stands in one alone was forgotten in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.registry import InstalledAdapter, QuarantinedAdapter
from gateway.connections.config import EnabledAdapter
from gateway.routes.service import Route


class Forgotten(StrEnum):
    """What is wrong with an adapter or with a route to it."""

    NOT_SWITCHED_ON = "not-switched-on"
    """Installed, and on in no municipality."""
    WITHOUT_ROUTE = "without-route"
    """On in a municipality none of whose routes names it, and no authority on flags either."""
    GOING_AWAY = "going-away"
    """On, though its vendor calls it deprecated or suspended."""
    NOT_INSTALLED = "not-installed"
    """On in a municipality, but not installed, or quarantined."""
    ROUTE_TO_NOWHERE = "route-to-nowhere"
    """A route names an adapter that is not on in its municipality, or not installed."""
    NOT_SUPPLIED = "not-supplied"
    """A route names an adapter that does not supply the group any more."""


BROKEN = frozenset({Forgotten.NOT_INSTALLED, Forgotten.ROUTE_TO_NOWHERE, Forgotten.NOT_SUPPLIED})
"""What keeps consumers from an answer; the others only lie about."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was forgotten. ``municipality`` and ``group`` are empty where it has none."""

    kind: Forgotten
    adapter_id: str
    municipality: str = ""
    group: str = ""


def forgotten(
    installed: Iterable[InstalledAdapter | QuarantinedAdapter],
    enabled: Sequence[EnabledAdapter],
    routes: Sequence[tuple[str, Route]],
) -> list[Finding]:
    """Return what is in one list and lacks in another, in the order of ``Forgotten``.

    Args:
        installed: every package, good or quarantined.
        enabled: what IT staff switched on.
        routes: every route with its municipality.
    """
    good = {a.id: a for a in installed if isinstance(a, InstalledAdapter)}
    on = {(e.municipality, e.adapter) for e in enabled}
    found = [
        *_unused(good, on, {(town, route.adapter_id) for town, route in routes}),
        *(
            Finding(Forgotten.GOING_AWAY, name, town)
            for town, name in on
            if name in good and good[name].manifest.lifecycle in {"deprecated", "suspended"}
        ),
        *(Finding(Forgotten.NOT_INSTALLED, name, town) for town, name in on if name not in good),
        *_broken(good, on, routes),
    ]
    order = list(Forgotten)
    return sorted(found, key=lambda f: (order.index(f.kind), f.municipality, f.adapter_id, f.group))


def _unused(
    good: dict[str, InstalledAdapter], on: set[tuple[str, str]], routed: set[tuple[str, str]]
) -> Iterator[Finding]:
    somewhere = {name for _, name in on}
    for name in good:
        if name not in somewhere:
            yield Finding(Forgotten.NOT_SWITCHED_ON, name)
    for town, name in on - routed:
        if name in good and good[name].manifest.flag_authority is None:
            yield Finding(Forgotten.WITHOUT_ROUTE, name, town)


def _broken(
    good: dict[str, InstalledAdapter],
    on: set[tuple[str, str]],
    routes: Sequence[tuple[str, Route]],
) -> Iterator[Finding]:
    for town, route in routes:
        name = route.adapter_id
        if (town, name) not in on or name not in good:
            yield Finding(Forgotten.ROUTE_TO_NOWHERE, name, town, route.group)
        elif route.group not in good[name].manifest.groups:
            yield Finding(Forgotten.NOT_SUPPLIED, name, town, route.group)
