"""The national linkage face (庁内データ連携): what standard business systems call."""

from gateway.linkage.registry import LinkageRegistry, NewSystem
from gateway.linkage.service import LinkageService
from gateway.linkage.store import LinkageStore

__all__ = ["LinkageRegistry", "LinkageService", "LinkageStore", "NewSystem"]
