"""Every case of the kit, by layer. ``texts.yaml`` says what each is for and how to mend it."""

from __future__ import annotations

from typing import Final

from adapters.conformance.cases import (
    behaviour,
    files,
    history,
    hostile,
    load,
    mapping,
    operations,
    pace,
    privacy,
    static,
    torture,
    wire,
)
from adapters.conformance.model import Case

CASES: Final[tuple[Case, ...]] = (
    *static.CASES,
    *mapping.CASES,
    *torture.CASES,
    *behaviour.CASES,
    *pace.CASES,
    *wire.CASES,
    *operations.CASES,
    *history.CASES,
    *files.CASES,
    *hostile.CASES,
    *privacy.CASES,
    *load.CASES,
)
