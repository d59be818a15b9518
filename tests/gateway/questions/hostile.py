"""Systems that mix people up, on purpose and as often as a test wants.

Every item that they hand over is a canary made of the person it belongs to, so that one look at
an answer tells whose it is. Each system counts what it did (``misdeeds``): one for each group of
an answer that was not, or not provably, of the person asked for, and one for each nameless row.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.contract import (
    CheckResult,
    Deadline,
    FetchRequest,
    FetchResult,
    FlagReport,
    GroupRecords,
)
from adapters.errors import Foreign, WrongSubject
from adapters.mapping.model import Read
from adapters.sources.base import Slots
from standard_models.answers import Answer, StandardRecord, Value
from tests.gateway.questions.scripted import TIME

TOWN = "999997"
OTHER_TOWN = "131016"
UNASKED = "001.shojojoho"
FULL_WIDTH = {ord(str(d)): chr(0xFF10 + d) for d in range(10)}


NUMBERS_EACH = (1, 3, 9, 9)
"""How many numbers people have in tax and welfare, in turn; every one of them is asked."""


@dataclass(frozen=True)
class Townsman:
    """A person. Numbers of different people are alike, as they are in a town."""

    number: int

    @property
    def turns(self) -> range:
        """Return one turn for each number that the person has in a system."""
        return range(NUMBERS_EACH[self.number % len(NUMBERS_EACH)])

    @property
    def resident(self) -> str:
        """Return the 宛名番号; by it a person is known, so everybody has one."""
        return f"{self.number:012d}"

    @property
    def tax(self) -> tuple[str, ...]:
        """Return the tax numbers."""
        return tuple(f"{turn}{self.number:07d}" for turn in self.turns)

    @property
    def welfare(self) -> tuple[str, ...]:
        """Return the welfare numbers."""
        return tuple(f"F{turn}{self.number:06d}" for turn in self.turns)


def townsman_of(number: str) -> Townsman:
    """Return whose number of any system it is."""
    return Townsman(int(number.removeprefix("F")[1:]))


def turn_of(number: str) -> int:
    """Return which of the person's numbers it is."""
    return int(number.removeprefix("F")[0])


@dataclass
class Conduct:
    """How a system behaves: what it may do, how often, and what it did."""

    people: int
    share: float
    order: random.Random
    calls: int = 0
    misdeeds: Counter[Foreign] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    async def pause(self, most: int = 6) -> None:
        """Let others go first, as many as chance says."""
        for _ in range(self.order.randrange(most)):
            await asyncio.sleep(0)

    def choose(self, names: list[str]) -> str:
        """Return what to do now: the right thing, or one of ``names``."""
        self.calls += 1
        name = self.order.choice(names) if self.order.random() < self.share else "honest"
        self.done[name] += 1
        return name

    def another(self, number: str) -> str:
        """Return a number of the same form that belongs to somebody else, often a similar one."""
        person, turn = townsman_of(number), turn_of(number)
        step = self.order.choice([1, 10, 100, self.order.randrange(1, self.people)])
        other = (person.number + step - 1) % self.people + 1
        if other == person.number:
            other = other % self.people + 1
        head = "F" if number.startswith("F") else ""
        return f"{head}{turn}{other:0{len(number) - len(head) - 1}d}"

    def disguised(self, number: str) -> str:
        """Return the number as careless systems write it."""
        return self.order.choice(
            [number.lstrip("F0") or "x", number.translate(FULL_WIDTH), f"{number}0", number[:-1]]
        )


class Meeting:
    """Where two answers are exchanged, if a second one comes by in time."""

    def __init__(self) -> None:
        self._waiting: list[Any] = []

    async def exchange(self, mine: Any) -> Any:
        """Return what somebody else brought, or one's own after a while."""
        if self._waiting:
            other = self._waiting.pop()
            theirs, other[0], other[1] = other[0], mine, True
            return theirs
        place = [mine, False]
        self._waiting.append(place)
        for _ in range(40):
            await asyncio.sleep(0)
            if place[1]:
                return place[0]
        self._waiting.remove(place)
        return mine


class HostileTax:
    """A source of the mapped tax adapter: one answer about one person, with the echo at its top."""

    def __init__(self, conduct: Conduct) -> None:
        self.conduct = conduct
        self._last: dict[str, Any] = {}
        self._shared: dict[str, dict[str, Any]] = {}
        self._meetings: dict[str, Meeting] = {}

    def about(self, number: str, read: Read) -> dict[str, Any]:
        """Return the truth about a person."""
        path = read.rest.path if read.rest else ""
        common = {
            "dataKijunNichiji": "R08.10.01 09:15:00",
            "kojinNo": number,
            "atenaNo": townsman_of(number).resident,
        }
        if "kojin" in path.split("/"):
            return {**common, "sofusaki": {"banchi": number.translate(FULL_WIDTH)}}
        row = {
            "nendo": "R08",
            "sotoNendo": "R08",
            "rirekiNo": turn_of(number) + 1,
            "zeigaku": {
                "nenzei": int(number),
                "shi": {"shotokuwari": None, "kintowari": None},
                "ken": {"shotokuwari": None, "kintowari": None},
                "shinrin": None,
            },
        }
        return {**common, "kazei": [row]}

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Answer about somebody."""
        number, path = str(slots["number"]), read.rest.path if read.rest else ""
        deeds: dict[str, Callable[[], Any]] = {
            "honest": lambda: self.about(number, read),
            "another": lambda: self.about(self.conduct.another(number), read),
            "the last answer": lambda: self._last.get(path) or self.about(number, read),
            "a number in another form": lambda: self._as(
                number, self.conduct.disguised(number), read
            ),
            "no number": lambda: self._as(number, self.conduct.order.choice(["", None]), read),
            "another's body": lambda: {
                **self.about(self.conduct.another(number), read), "kojinNo": number
            },
            "another's nothing": lambda: self._emptied(self.conduct.another(number), read),
            "doubled rows": lambda: self._doubled(number, read),
        }  # fmt: skip
        name = self.conduct.choose(
            [
                *deeds,
                "one container for all",
                "half of a container",
                "swapped",
                "changed afterwards",
            ]
        )
        await self.conduct.pause()
        if name in deeds:
            answer = deeds[name]()
        elif name == "swapped":
            meeting = self._meetings.setdefault(path, Meeting())
            answer = await meeting.exchange(self.about(number, read))
        elif name == "changed afterwards":
            answer = self.about(number, read)
            other = self.about(self.conduct.another(number), read)
            asyncio.get_running_loop().call_soon(answer.update, other)
        else:
            answer = await self._reused(number, read, path, whole=name == "one container for all")
        self._last[path] = dict(answer)
        self._judge(answer, number)
        return answer

    async def _reused(self, number: str, read: Read, path: str, *, whole: bool) -> dict[str, Any]:
        """Fill one container for everybody, and let others go first before it is handed over."""
        shared = self._shared.setdefault(path, {})
        truth = self.about(number, read)
        if whole:
            shared.update(truth)
            await self.conduct.pause()
            return shared
        shared.update({name: part for name, part in truth.items() if name != "kojinNo"})
        await self.conduct.pause()
        shared["kojinNo"] = number
        return shared

    def _as(self, number: str, said: str | None, read: Read) -> dict[str, Any]:
        return {**self.about(self.conduct.another(number), read), "kojinNo": said}

    def _emptied(self, number: str, read: Read) -> dict[str, Any]:
        answer = self.about(number, read)
        return {**answer, **({"sofusaki": None} if "sofusaki" in answer else {"kazei": []})}

    def _doubled(self, number: str, read: Read) -> dict[str, Any]:
        answer = self.about(number, read)
        return {**answer, "kazei": answer["kazei"] * 2} if "kazei" in answer else answer

    def _judge(self, answer: Mapping[str, Any], number: str) -> None:
        """Count what is handed over now, if it is not of the person asked for."""
        if not answer["kojinNo"]:
            self.conduct.misdeeds[Foreign.NO_NUMBER] += 1
        elif answer["kojinNo"] != number:
            self.conduct.misdeeds[Foreign.OTHER_NUMBER] += 1
        elif townsman_of(answer["atenaNo"]) != townsman_of(number):
            self.conduct.misdeeds[Foreign.OTHER_LINK] += 1

    async def ping(self, deadline: Deadline) -> str | None:
        """Be well."""
        return None

    async def aclose(self) -> None:
        """Do nothing."""


class HostileWelfare:
    """A source of a mapped adapter for several towns: rows that each name person and town."""

    def __init__(self, conduct: Conduct) -> None:
        self.conduct = conduct
        self._last: list[dict[str, Any]] = []
        self._meeting = Meeting()

    def rows(self, number: str, town: str = TOWN) -> list[dict[str, Any]]:
        """Return the two rows of a person."""
        return [
            {"no": number, "dantai": town, "bango": f"{number}-{n}", "hi": "20200401"}
            for n in (1, 2)
        ]

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Answer about somebody."""
        number = str(slots["number"])
        mine, other = self.rows(number), self.rows(self.conduct.another(number))
        nameless = {**other[0], "no": self.conduct.order.choice(["", None, "  "])}
        disguised = [{**row, "no": self.conduct.disguised(number)} for row in other]
        deeds: dict[str, list[dict[str, Any]]] = {
            "another": other,
            "the last answer": self._last or mine,
            "one foreign row": [mine[0], other[1], mine[1]],
            "the same number of another town": self.rows(number, OTHER_TOWN),
            "one row of another town": [mine[0], self.rows(number, OTHER_TOWN)[1]],
            "a number in another form": disguised,
            "a nameless row": [*mine, nameless],
            "doubled rows": [*mine, *mine],
            "rows in another order": mine[::-1],
        }
        name = self.conduct.choose([*deeds, "swapped"])
        await self.conduct.pause()
        if name == "swapped":
            answer = await self._meeting.exchange(mine)
        else:
            answer = deeds.get(name, mine)
        self._last = answer
        self._judge(answer, number)
        return answer

    def _judge(self, rows: list[dict[str, Any]], number: str) -> None:
        named = [row for row in rows if (row["no"] or "").strip()]
        if any(row["dantai"] != TOWN for row in rows):
            self.conduct.misdeeds[Foreign.OTHER_MUNICIPALITY] += 1
        elif any(row["no"] != number for row in named):
            self.conduct.misdeeds[Foreign.OTHER_NUMBER] += 1
        elif len(named) < len(rows):
            self.conduct.misdeeds[Foreign.LOST_RECORD] += len(rows) - len(named)

    async def ping(self, deadline: Deadline) -> str | None:
        """Be well."""
        return None

    async def aclose(self) -> None:
        """Do nothing."""


class HostileResident:
    """An adapter that a vendor wrote without a mapping, with every mistake one can make there."""

    mapping_version = "1.0.0"

    def __init__(self, conduct: Conduct) -> None:
        self.conduct = conduct
        self._last = ""
        self._shared: dict[str, dict[str, Answer]] = {}
        self._meeting = Meeting()

    async def check(self, deadline: Deadline) -> CheckResult:
        """Be well."""
        return CheckResult(ok=True, message="")

    async def aclose(self) -> None:
        """Do nothing."""

    async def protection_flags(self, deadline: Deadline) -> FlagReport:
        """Return that nobody is protected."""
        return FlagReport((), TIME, TIME)

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Answer about somebody."""
        number, conduct = request.number, self.conduct
        name = conduct.choose(
            [
                "another", "the last answer", "a number in another form", "no number", "swapped",
                "another's body", "one foreign record", "a record of another group", "noticed",
                "one container for all", "changed afterwards", "doubled records", "more groups",
            ]
        )  # fmt: skip
        await conduct.pause()
        last, self._last = self._last or number, number
        whose = {"another": conduct.another(number), "the last answer": last}.get(name, number)
        if name == "swapped":
            whose = await self._meeting.exchange(number)
        if name == "noticed":
            conduct.misdeeds[Foreign.OTHER_NUMBER] += 1
            raise WrongSubject("another number was echoed")
        if name == "one container for all":
            await self._fill(request)
        # From here on nobody else runs: what is judged is what is handed over.
        return FetchResult(
            {
                ref: GroupRecords(self._records(name, ref, fields, number, whose), TIME, TIME)
                for ref, fields in self._groups(name, request).items()
            }
        )

    async def _fill(self, request: FetchRequest) -> None:
        """Put the answer into the container that everybody's answers are put into."""
        number = request.number
        for ref, fields in request.groups.items():
            record = self._record(ref, number, fields, number)
            self._shared.setdefault(ref, {}).update(record.answers)
        await self.conduct.pause()

    def _groups(self, name: str, request: FetchRequest) -> Mapping[str, frozenset[str]]:
        if name != "more groups":
            return request.groups
        return {**request.groups, UNASKED: frozenset({"atenabango"})}

    def _records(
        self, name: str, ref: str, fields: frozenset[str], number: str, whose: str
    ) -> tuple[StandardRecord, ...]:
        conduct = self.conduct
        own = self._record(ref, whose, fields, whose)
        stranger = conduct.another(number)
        other = self._record(ref, stranger, fields, stranger)
        deeds: dict[str, Callable[[], list[StandardRecord]]] = {
            "a number in another form": lambda: [
                replace(other, subject_number=conduct.disguised(number))
            ],
            "no number": lambda: [replace(other, subject_number="")],
            "another's body": lambda: [replace(other, subject_number=number)],
            "a record of another group": lambda: [replace(own, group=UNASKED)],
            "one container for all": lambda: [replace(own, answers=self._shared[ref])],
            "changed afterwards": lambda: [self._changing(own, other)],
            "one foreign record": lambda: [own, other],
            "doubled records": lambda: [own, own],
        }  # fmt: skip
        found = deeds[name]() if name in deeds else [own]
        if ref != UNASKED:
            self._judge(found, ref, number)
        return tuple(found)

    def _changing(self, own: StandardRecord, other: StandardRecord) -> StandardRecord:
        answers = dict(own.answers)
        asyncio.get_running_loop().call_soon(answers.update, other.answers)
        return replace(own, answers=answers)

    def _record(self, ref: str, number: str, fields: frozenset[str], whose: str) -> StandardRecord:
        answers: dict[str, Answer] = {
            name: Value(canary(ref, name, whose)) for name in fields if name != "rirekibango"
        }
        answers["rirekibango"] = Value(turn_of(whose) + 1)
        answers["atenabango"] = Value(whose)
        return StandardRecord(ref, number, answers)

    def _judge(self, records: list[StandardRecord], ref: str, number: str) -> None:
        numbers = {record.subject_number for record in records} - {number}
        named = {a.value for r in records if isinstance(a := r.answers["atenabango"], Value)}
        if numbers:
            kind = Foreign.NO_NUMBER if numbers == {""} else Foreign.OTHER_NUMBER
            self.conduct.misdeeds[kind] += 1
        elif any(record.group != ref for record in records):
            self.conduct.misdeeds[Foreign.OTHER_GROUP] += 1
        elif any(townsman_of(str(name)) != townsman_of(number) for name in named):
            self.conduct.misdeeds[Foreign.OTHER_LINK] += 1


def canary(ref: str, name: str, number: str) -> str:
    """Return what an item of a person holds in a system whose numbers say whose it is."""
    return f"{ref}.{name} of {number}"
