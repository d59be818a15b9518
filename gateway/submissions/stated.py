"""What a person stated earlier, as answers to a question. It never passes for a register's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.contract import Clock
from gateway.clock import TOKYO
from gateway.keys import KeyStore
from gateway.store.tables import SubmissionPartRow, SubmissionRow
from gateway.submissions.sealing import unseal
from gateway.submissions.store import SubmissionStore
from standard_models.answers import (
    Absence,
    AbsenceReason,
    Answer,
    JsonScalar,
    Method,
    Provenance,
    Quality,
    Severity,
    Value,
)
from standard_models.dictionary import DataItem, Group

STATED: Final = "stated"
"""Stands in a provenance where the adapter does."""
STATED_CODE: Final = "STATED_BY_CITIZEN"


@dataclass(frozen=True, slots=True)
class StatedPart:
    """One record of a group, made of what was stated, the newest for each field."""

    record: Mapping[str, Answer]
    provenance: Provenance


class StatedValues:
    """Reads what persons stated, within the purposes that they agreed to."""

    def __init__(self, store: SubmissionStore, keys: KeyStore, *, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def find(
        self,
        municipality: str,
        subject_id: str,
        purpose: str,
        wanted: Sequence[tuple[Group, Sequence[str]]],
    ) -> Mapping[str, StatedPart]:
        """Return what was stated of the wanted fields, by group; a group may be missing.

        Raises:
            SealBroken: the database was altered.

        """
        now = self._clock.now()
        groups = [group.ref for group, _ in wanted]
        rows = [
            (submission, part)
            for submission, part in await self._store.current(municipality, subject_id, groups, now)
            if purpose in submission.purposes
        ]
        found = {}
        for group, fields in wanted:
            of_group = [row for row in rows if row[1].group_ref == group.ref]
            made = self._part(group, fields, of_group, now)
            if made is not None:
                found[group.ref] = made
        return found

    def _part(
        self,
        group: Group,
        fields: Sequence[str],
        rows: Sequence[tuple[SubmissionRow, SubmissionPartRow]],
        now: dt.datetime,
    ) -> StatedPart | None:
        answers: dict[str, Answer] = {}
        used: list[SubmissionRow] = []
        for submission, part in rows:
            values = self.values_of(part)
            new = [name for name in fields if name in values and name not in answers]
            for name in new:
                answers[name] = _answer(group.item(name), values[name], submission.strength)
            if new:
                used.append(submission)
        if not answers:
            return None
        missing = Absence(AbsenceReason.NOT_SUPPLIED)
        provenance = Provenance(
            adapter=STATED,
            adapter_version="1",
            mapping_version=used[-1].consent_text,
            system_name="本人の申告",
            edition=group.edition_id,
            method=Method.STATED,
            as_of=min(submission.stated_at for submission in used).astimezone(TOKYO),
            retrieved_at=now,
        )
        return StatedPart({name: answers.get(name, missing) for name in fields}, provenance)

    def values_of(self, part: SubmissionPartRow) -> dict[str, JsonScalar]:
        """Return the values of a part; none once they were erased.

        Raises:
            SealBroken: the database was altered.

        """
        secret = self._keys.keys().find_sealing_secret(part.secret_version)
        if part.sealed is None or secret is None:
            return {}
        return unseal(secret, (part.municipality, part.submission_id, part.group_ref), part.sealed)


def _answer(item: DataItem, value: JsonScalar, strength: str) -> Answer:
    """Return a stated value; one that an edition in between no longer allows is not shown."""
    if findings := item.check(value):
        return Absence(AbsenceReason.LOST_IN_MAPPING, findings)
    label = item.codes.labels.get(str(value)) if item.codes else None
    return Value(
        value, label, (Quality(STATED_CODE, Severity.INFORMATION, {"strength": strength}),)
    )
