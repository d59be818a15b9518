"""The gateway with scripted systems."""

from tests.gateway.questions.conftest import world

__all__ = ["world"]
