"""The wrong-person guard: nothing leaves that the source did not itself tie to the person asked.

The check uses the number that the source echoed in its record, never our own request.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.errors import WrongSubject
from standard_models.answers import StandardRecord


def require_subject(records: Iterable[StandardRecord], number: str) -> None:
    """Do nothing if every record is of the person with ``number`` in the source's numbering.

    Raises:
        WrongSubject: one of them is not; the whole part must be discarded.
    """
    if any(record.subject_number != number for record in records):
        raise WrongSubject("a record echoed another number than the one asked for")
