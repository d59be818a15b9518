"""What systems that only give files have delivered: loaded whole, answered from, taken back."""

from gateway.snapshots.loading import Loader, LoadRefusedError, LoadReport
from gateway.snapshots.reader import SnapshotCopies
from gateway.snapshots.service import Snapshots
from gateway.snapshots.store import SnapshotStore

__all__ = [
    "LoadRefusedError",
    "LoadReport",
    "Loader",
    "SnapshotCopies",
    "SnapshotStore",
    "Snapshots",
]
