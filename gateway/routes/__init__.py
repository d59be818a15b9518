"""Which system answers for a group. A cutover is one recorded change of a route."""

from gateway.routes.inventory import BROKEN, Finding, Forgotten, forgotten
from gateway.routes.service import Route, RouteMode, RouteService
from gateway.routes.store import RouteStore

__all__ = [
    "BROKEN",
    "Finding",
    "Forgotten",
    "Route",
    "RouteMode",
    "RouteService",
    "RouteStore",
    "forgotten",
]
