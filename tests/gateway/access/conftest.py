import pytest

from gateway.access import AccessRegistry, AccessService
from tests.gateway.access.consumers import access_registry, access_service


@pytest.fixture
def service(store, keys, audit_log, clock) -> AccessService:
    return access_service(store, keys, audit_log, clock)


@pytest.fixture
def registry(store, clock) -> AccessRegistry:
    return access_registry(store, clock)
