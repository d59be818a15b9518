"""What is done in the examples of identifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from standard_models.answers import Quality
from standard_models.reference.check_digits import RemainderOne, local_number_check
from standard_models.values.identifiers import (
    AddresseeNumber,
    CorporateNumber,
    IdentifierReading,
    MunicipalityCode,
    MyNumber,
)

Outcome = tuple[str, Sequence[Quality]]


def told(reading: IdentifierReading[Any]) -> Outcome:
    return "" if reading.number is None else str(reading.number), reading.quality


OPERATIONS: dict[str, Callable[[str], Outcome]] = {
    "my_number": lambda raw: told(MyNumber.parse(raw)),
    "municipality": lambda raw: told(MunicipalityCode.parse(raw)),
    "municipality_of_five": lambda raw: (str(MunicipalityCode.from_five(raw)), ()),
    "addressee": lambda raw: told(AddresseeNumber.parse(raw, 12)),
    "local_check": lambda raw: (str(local_number_check(raw, RemainderOne.ZERO)), ()),
    "corporate": lambda raw: (str(CorporateNumber(raw)), ()),
}
