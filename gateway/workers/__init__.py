"""Several processes that serve one port: what they share, and who looks after them.

Nothing here knows HTTP or the database. A process that serves alone is a ``Lone`` one; each of
several has a ``Seat`` at the same ``Table``.
"""

from gateway.workers.seats import Lone, Seat, Table, Worker
from gateway.workers.supervisor import Plan, Supervisor

__all__ = ["Lone", "Plan", "Seat", "Supervisor", "Table", "Worker"]
