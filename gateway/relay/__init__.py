"""Edge and core: requests from outside reach a core that nothing can connect to.

The edge stands in the internet or LGWAN zone, takes requests and keeps them in memory until the
core, in the My Number zone, comes and asks for them over a connection that it opens itself. The
edge knows no key, no database and no rule. Rule NZ-1, ADR 0018.
"""

from gateway.relay.core import Core, open_core
from gateway.relay.desk import Desk
from gateway.relay.edge import EdgeServer, edge_app, link_app
from gateway.relay.link import LinkError

__all__ = ["Core", "Desk", "EdgeServer", "LinkError", "edge_app", "link_app", "open_core"]
