"""Which system answers for a group. A cutover is one recorded change of a route."""

from gateway.routes.service import Route, RouteMode, RouteService
from gateway.routes.store import RouteStore

__all__ = ["Route", "RouteMode", "RouteService", "RouteStore"]
