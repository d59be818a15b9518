"""The shape of an answer in the truth files: a value, or why there is none."""

from __future__ import annotations

import datetime as dt
from typing import Any

from examples.town.model.characters import readable
from examples.town.model.recorded_dates import RecordedDate

Answer = dict[str, Any]

NOT_RECORDED: Answer = {"absent": "not-recorded"}
NOT_APPLICABLE: Answer = {"absent": "not-applicable"}
NOT_SUPPLIED: Answer = {"absent": "not-supplied"}
LOST: Answer = {"absent": "lost-in-mapping"}


def value(content: str | int) -> Answer:
    """Return a value that is there, zero and all."""
    return {"value": content}


def text(content: str | None) -> Answer:
    """Return a text with the town's characters made readable; none is ``not-recorded``."""
    return value(readable(content)) if content else NOT_RECORDED


def number(content: int | None) -> Answer:
    """Return a number; none is ``not-recorded``."""
    return NOT_RECORDED if content is None else value(content)


def code(word: str | None, table: dict[str, str]) -> Answer:
    """Return a standard code; a word without one is ``lost-in-mapping``."""
    if word is None:
        return NOT_RECORDED
    return value(table[word]) if word in table else LOST


def day(content: dt.date | None) -> Answer:
    """Return a day that cannot be unknown; none is ``not-recorded``."""
    return value(content.isoformat()) if content else NOT_RECORDED


def date(content: RecordedDate | None) -> Answer:
    """Return a date that may be unknown in part."""
    if content is None:
        return NOT_RECORDED
    if content.day is not None:
        return value(content.day.isoformat())
    return {
        "absent": "recorded-unknown",
        "uncertain": {
            "precision": content.precision,
            "text": content.text,
            "earliest": content.earliest.isoformat() if content.earliest else None,
            "latest": content.latest.isoformat() if content.latest else None,
        },
    }


def unknown_text(content: RecordedDate | None) -> Answer:
    """Return what goes into ``_fushohyoki`` beside the date."""
    if content is None or content.day is not None:
        return NOT_APPLICABLE
    return value(content.text)
