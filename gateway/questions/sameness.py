"""Looks at people with the surname or the address of whoever looks. Rule AU-6.

Only of operators whom a security officer has told which resident they are. Nothing is kept of
anybody: when a record of the register passes, it is compared with the operator's own, which is read
of the register as well. In memory stand digests under a key of this process, for a few minutes. The
alert says that there was a sameness, never in what; the look itself is not hindered, and whoever
looks notices nothing.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from adapters.contract import Clock, Deadline, EventLog
from gateway.access import Caller
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.audit.alerts import AlertStore, Pattern, Snooping, Suspicion, account_of
from gateway.questions.fan_out import Calls, ask_system
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from gateway.questions.removed import with_fields
from gateway.subjects import Subject, SubjectService
from standard_models.answers import Answer, Value
from standard_models.dictionary import Dictionary
from standard_models.values.block_numbers import folded
from standard_models.values.search_keys import name_key

GROUP: Final = "001.juminkihonjoho"
SURNAME: Final = ("uji_nihonjin", "shimei", "shimei_gaikokujinromaji")
"""Where a surname stands: alone, or before the first blank."""
BLOCK: Final = "jusho_banchigohyoki"
ADDRESS: Final = ("jusho_shikuchosonkodo", "jusho_choaza", BLOCK, "jusho_katagaki")
FIELDS: Final = (*SURNAME, *ADDRESS)
OPERATORS: Final = dt.timedelta(seconds=60)
"""How long it may take until a new operator is watched."""
OWN: Final = dt.timedelta(minutes=10)
"""For how long an operator's own record is remembered, as digests."""
AGAIN: Final = dt.timedelta(minutes=1)
"""When an own record is asked for again that could not be read."""
FUNCTION: Final = "sameness"
Facts = Mapping[Pattern, bytes]


class Sameness(Protocol):
    """Compares what passes with who looks."""

    async def operator_of(self, municipality: str, terminal: str) -> Operator | None:
        """Return the operator, None for everybody of whom nothing is known."""

    def with_facts(self, parts: Sequence[PlannedPart]) -> Sequence[PlannedPart]:
        """Return the parts with what is compared, where the register is asked anyway."""

    async def passed(self, look: Look, found: Mapping[str, Part], calls: Calls) -> None:
        """Compare the records that passed."""


class NobodyCompared:
    """No operator is known."""

    async def operator_of(self, municipality: str, terminal: str) -> Operator | None:
        """Return None."""

    def with_facts(self, parts: Sequence[PlannedPart]) -> Sequence[PlannedPart]:
        """Return ``parts``."""
        return parts

    async def passed(self, look: Look, found: Mapping[str, Part], calls: Calls) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Which resident an operator is; without ``surname`` only the address is compared."""

    municipality: str
    account: str
    subject_id: str
    surname: bool


@dataclass(frozen=True, slots=True)
class Look:
    """An operator's question of one person, at which consumer, from where, by when."""

    operator: Operator
    client_id: str
    subject_id: str
    caller: Caller
    deadline: Deadline


@dataclass(slots=True)
class SamenessWatch:
    """The comparison of one process."""

    store: AlertStore
    snooping: Snooping
    subjects: SubjectService
    audit: AuditLog
    dictionary: Dictionary
    clock: Clock
    log: EventLog
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _operators: dict[tuple[str, str], Operator] = field(default_factory=dict)
    _read_at: dt.datetime | None = None
    _own: dict[Operator, tuple[dt.datetime, Facts | None]] = field(default_factory=dict, repr=False)

    async def operator_of(self, municipality: str, terminal: str) -> Operator | None:
        """Return the operator, None for everybody of whom nothing is known."""
        now = self.clock.now()
        if self._read_at is None or now - self._read_at >= OPERATORS:
            rows = await self.store.operators()
            self._read_at = now
            self._operators = {
                (r.municipality, r.operator): Operator(
                    r.municipality, r.operator, r.subject_id, r.surname
                )
                for r in rows
            }
            self._own = {o: own for o, own in self._own.items() if o in self._operators.values()}
        return self._operators.get((municipality, account_of(terminal)))

    def with_facts(self, parts: Sequence[PlannedPart]) -> Sequence[PlannedPart]:
        """Return the parts with what is compared, where the register is asked anyway."""
        if not any(part.group.ref == GROUP for part in parts):
            return parts
        return with_fields(parts, GROUP, FIELDS, self.dictionary)

    async def passed(self, look: Look, found: Mapping[str, Part], calls: Calls) -> None:
        """Compare the records of the register that passed, and tell at once what is the same.

        Raises:
            Problem: ``audit-unavailable``.
        """
        part = found.get(GROUP)
        if part is None or part.status is not PartStatus.OK:
            return
        operator, town = look.operator, look.operator.municipality
        own = await self._own_facts(look, calls)
        if own is None:
            self.log.warning("sameness-undecided", municipality=town)
            return
        theirs = [self._facts(town, record) for record in part.records]
        same = [
            pattern
            for pattern, digest in own.items()
            if (operator.surname or pattern is not Pattern.SAME_SURNAME)
            and any(digest == facts.get(pattern) for facts in theirs)
        ]
        key, terminal = self.audit.pseudonym(town, look.subject_id), look.caller.terminal
        if same:
            await self.snooping.same(
                [Suspicion(town, pattern, look.client_id, terminal, key, 1) for pattern in same]
            )

    async def _own_facts(self, look: Look, calls: Calls) -> Facts | None:
        now, operator = self.clock.now(), look.operator
        known = self._own.get(operator)
        if known is not None and now < known[0]:
            return known[1]
        facts = await self._read_own(look, calls)
        self._own[operator] = (now + (OWN if facts else AGAIN), facts)
        return facts

    async def _read_own(self, look: Look, calls: Calls) -> Facts | None:
        """Return the facts of the operator's own record, None where it cannot be read."""
        operator, town = look.operator, look.operator.municipality
        subject: Subject | None = await self.subjects.find(town, operator.subject_id)
        group = self.dictionary.find_group(GROUP)
        if subject is None or group is None:
            return None
        asked, _ = await calls(town, subject, [PlannedPart(group, FIELDS)], None)
        if not asked:
            return None
        answer = await ask_system(asked[0], look.deadline, look.caller.trace_id)
        await self.audit.append(
            AuditEntry(
                municipality=town,
                at=self.clock.now(),
                kind=AuditKind.EVENT,
                outcome="compared",
                trace_id=look.caller.trace_id,
                subject_key=self.audit.pseudonym(town, operator.subject_id),
                terminal=operator.account,
                function=FUNCTION,
            )
        )
        (part,) = answer.parts
        return self._facts(town, part.records[0]) or None if part.records else None

    def _facts(self, municipality: str, record: Mapping[str, Answer]) -> Facts:
        """Return digests of what a record says, under the key of this process."""
        surname = next(filter(None, (_text(record, name) for name in SURNAME)), "")
        surname = surname.replace("　", " ").partition(" ")[0]
        block = _text(record, BLOCK)
        address = "".join(_text(record, name) for name in ADDRESS) if block else ""
        said = {
            Pattern.SAME_SURNAME: name_key(surname),
            Pattern.SAME_ADDRESS: name_key(folded(address)),
        }
        return {
            pattern: hmac.digest(self._key, f"{municipality}\0{pattern}\0{text}".encode(), "sha256")
            for pattern, text in said.items()
            if text
        }


def _text(record: Mapping[str, Answer], name: str) -> str:
    answer = record.get(name)
    return str(answer.value) if isinstance(answer, Value) else ""
