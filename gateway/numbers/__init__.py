"""Numbers for persons outside the resident register (住登外者宛名番号)."""

from gateway.numbers.service import (
    NoSeriesLeft,
    NumberedPerson,
    NumberRefused,
    NumberService,
    Registration,
    Version,
)
from gateway.numbers.store import NumberStore

__all__ = [
    "NoSeriesLeft",
    "NumberRefused",
    "NumberService",
    "NumberStore",
    "NumberedPerson",
    "Registration",
    "Version",
]
