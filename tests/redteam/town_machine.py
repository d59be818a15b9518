"""What happens in a town, as Hypothesis draws it, and what must hold of every answer meanwhile."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gateway.access.grants import GrantTerms
from gateway.protection.measures import MeasureKind
from gateway.protection.openings import OpeningTerms
from tests.gateway.questions.conftest import BLOCK, CLIENT, PURPOSE, TAX, TOWN
from tests.redteam.living_town import ADDRESSES, FLAG_MAX_AGE, ITEMS, PEOPLE, SYSTEM_OF, Town

people = st.sampled_from(PEOPLE)
gateways = st.sampled_from((0, 1))
item_lists = st.lists(st.sampled_from(ITEMS), min_size=1, max_size=len(ITEMS), unique=True)
officers = st.sampled_from(("first", "second"))


class LivingTown(RuleBasedStateMachine):
    """What has happened so far, as the model knows it, beside what the gateways know."""

    template: Path
    happened: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="hitotsu-town-"))
        self.town = Town(self.folder, self.template)
        self.moves = 0
        self.copied: frozenset[str] | None = None
        self.copied_at: dt.datetime | None = None
        self.left: frozenset[str] = frozenset()
        self.measures: dict[str, str] = {}
        self.proposed_ends: dict[str, str] = {}
        self.lifts: list[tuple[str, str, dt.datetime, str]] = []
        self.open: dict[str, dt.datetime] = {}
        self.proposals: dict[str, frozenset[str]] = {}
        self.grants: dict[str, frozenset[str]] = {}
        self.asked = 0
        for items in (ITEMS[:4], ITEMS[:2]):
            self._approve(self._propose(list(items)))
        self.town.systems.people["R2"].flagged = True
        self.pull(0)

    def teardown(self) -> None:
        self.town.close()
        shutil.rmtree(self.folder)

    @initialize()
    def first_day(self) -> None:
        """Let everything happen once that chance may leave out of a short life."""
        self.ask(0, "R2", [BLOCK], intersect=False)
        self.ask(1, "R1", list(ITEMS), intersect=True)
        self.go_down_or_return("tax")
        self.ask(0, "R1", [TAX], intersect=False)
        self.go_down_or_return("tax")

    # What happens in the town.

    @rule(number=people)
    def move(self, number: str) -> None:
        self.moves += 1
        person = self.town.systems.people[number]
        person.address, person.mail = f"町{number}あ{self.moves}い", f"郵{number}あ{self.moves}い"
        person.lived |= {person.address, person.mail}

    @rule(one=people, other=people)
    def marry(self, one: str, other: str) -> None:
        self.moves += 1
        for number in (one, other):
            self.town.systems.people[number].name = f"結婚{self.moves}　{number}"

    @rule(number=people, amount=st.integers(0, 9_999_999))
    def tax(self, number: str, amount: int) -> None:
        self.town.systems.people[number].tax = amount

    @rule(number=people, flagged=st.booleans())
    def flag_at_the_source(self, number: str, flagged: bool) -> None:
        self.town.systems.people[number].flagged = flagged

    @rule(name=st.sampled_from(("resident", "tax", "welfare")))
    def go_down_or_return(self, name: str) -> None:
        self.town.systems.down ^= {name}
        self.town.rested()

    @rule(seconds=st.sampled_from((1, 60, 299, 600, 601, 90_000)))
    def time_passes(self, seconds: int) -> None:
        self.town.clock.advance(seconds=seconds)

    # What the gateways and the officers do.

    @rule(gateway=gateways)
    def pull(self, gateway: int) -> None:
        self.town.systems.tell_flags()
        self.town.run(self.town.gateways[gateway].protection.pull())
        self.town.rested()
        if "resident" not in self.town.systems.down:
            everybody = self.town.systems.people.values()
            listed = frozenset(p.number for p in everybody if p.flagged)
            # Whoever leaves the list stays protected until two officers say otherwise (DV-5).
            self.left = (self.left | (self.copied or frozenset())) - listed
            self.copied = listed
            self.copied_at = self.town.clock.now()

    @rule(number=people, kind=st.sampled_from(MeasureKind), officer=officers)
    def set_a_measure(self, number: str, kind: MeasureKind, officer: str) -> None:
        made = self.town.measures(officer).set(TOWN, "resident", number, kind)
        self.measures[self.town.run(made).measure_id] = number

    @precondition(lambda self: self.measures)
    @rule(data=st.data(), officer=officers)
    def propose_or_agree_to_end_a_measure(self, data: Any, officer: str) -> None:
        chosen = data.draw(st.sampled_from(list(self.measures)))
        if self.proposed_ends.get(chosen) == officer:
            return
        ended = self.town.run(self.town.measures(officer).end(TOWN, chosen))
        assert ended == (chosen in self.proposed_ends)
        self.proposed_ends[chosen] = officer
        if ended:
            del self.measures[chosen]

    @rule(number=people, minutes=st.sampled_from((1, 10, 60)))
    def propose_a_lift(self, number: str, minutes: int) -> None:
        terms = OpeningTerms(
            client_id=CLIENT, purpose_id=PURPOSE, items=(BLOCK,), legal_basis="法12条"
        )
        lasts = dt.timedelta(minutes=minutes)
        row = self.town.run(
            self.town.openings("first").propose_lift(TOWN, terms, ("resident", number), lasts)
        )
        self.lifts.append((row.opening_id, number, self.town.clock.now(), str(minutes)))

    @precondition(lambda self: self.lifts)
    @rule()
    def approve_a_lift(self) -> None:
        opening, number, proposed, minutes = self.lifts.pop()
        now = self.town.clock.now()
        if now - proposed > dt.timedelta(hours=24):
            return
        self.town.run(self.town.openings("second").approve(TOWN, opening))
        until = now + dt.timedelta(minutes=int(minutes))
        self.open[number] = max(until, self.open.get(number, until))

    @rule(items=item_lists)
    def propose_a_grant(self, items: list[str]) -> None:
        self._propose(items)

    @precondition(lambda self: self.proposals)
    @rule(data=st.data())
    def approve_a_grant(self, data: Any) -> None:
        self._approve(data.draw(st.sampled_from(list(self.proposals))))

    @precondition(lambda self: self.grants)
    @rule(data=st.data())
    def revoke_a_grant(self, data: Any) -> None:
        chosen = data.draw(st.sampled_from(list(self.grants)))
        self.town.run(self.town.registries[0].revoke_grant(TOWN, chosen))
        del self.grants[chosen]

    def _propose(self, items: list[str]) -> str:
        terms = GrantTerms(items=items, valid_from=dt.date(2026, 4, 1), intersect=True)
        made = self.town.registries[0].propose_grant(TOWN, CLIENT, PURPOSE, terms)
        grant_id = self.town.run(made).grant_id
        self.proposals[grant_id] = frozenset(items)
        return grant_id

    def _approve(self, grant_id: str) -> None:
        self.town.run(self.town.registries[1].approve_grant(TOWN, grant_id))
        self.grants[grant_id] = self.proposals.pop(grant_id)

    # What is asked, and what must hold of every answer.

    @rule(gateway=gateways, number=people, items=item_lists, intersect=st.booleans())
    def ask(self, gateway: int, number: str, items: list[str], intersect: bool) -> None:
        how = {"mode": "intersect"} if intersect else {}
        answer = self.town.ask(gateway, number, items, **how)
        self.asked += 1
        self._require_record(answer)
        self._require_no_address(number, answer)
        granted = frozenset[str]().union(*self.grants.values())
        if not self.grants:
            assert answer == {"refused": "purpose-not-granted"}
        elif not granted.issuperset(items) and not intersect:
            assert answer == {"refused": "item-not-granted"}
        elif "refused" not in answer:
            self._require_answer(number, items, granted, answer)

    @rule(gateway=gateways, items=item_lists)
    def ask_of_everybody(self, gateway: int, items: list[str]) -> None:
        """DV-8: nothing but an address tells one person from another; PA-6."""
        shapes = set()
        for number in PEOPLE:
            answer = self.town.ask(gateway, number, items, mode="intersect")
            self.asked += 1
            self._require_record(answer)
            self._require_no_address(number, answer)
            parts = answer.get("parts", ())
            told = [(part["group"], part["status"], len(part["records"])) for part in parts]
            shapes.add(json.dumps([answer.get("outcome"), sorted(answer), told]))
        assert len(shapes) == 1

    def _require_record(self, answer: dict[str, Any]) -> None:
        """AU-2: one record for each question, of its id where there is an answer."""
        records = self.town.recorded()
        assert len(records) == self.asked
        if "refused" in answer:
            assert (records[0]["outcome"], records[0]["problem"]) == ("refused", answer["refused"])
        else:
            assert records[0]["id"] == answer["question_id"]

    def _require_no_address(self, number: str, answer: dict[str, Any]) -> None:
        """DV-1 and DV-3: of nobody who is protected, of nobody at all while that is not known."""
        text = json.dumps(answer, ensure_ascii=False)
        for person in self.town.systems.people.values():
            allowed: set[str] = set()
            if person.number == number and self._known:
                if not self._protected(number):
                    allowed = {person.address, person.mail}
                elif self._lifted(number):
                    allowed = {person.address}
            for address in person.lived - allowed:
                assert address not in text, (person.number, self._protected(number), self._known)
                LivingTown.happened["address not there"] += 1

    def _require_answer(
        self, number: str, items: list[str], granted: frozenset[str], answer: dict[str, Any]
    ) -> None:
        """PL-2, PA-3, PA-7 and DV-8: exactly what was asked, and the same shape for everybody."""
        person, seen = self.town.systems.people[number], set[str]()
        for part in answer["parts"]:
            said = part["records"][0] if part["records"] else part["absences"]
            for name, value in said.items():
                item = f"{part['group']}.{name}"
                seen.add(item)
                self._require_item(person.value_of(item), number, item, granted, part, value)
        assert seen == set(items)

    def _require_item(
        self, truth: Any, number: str, item: str, granted: frozenset[str], part: Any, said: Any
    ) -> None:
        LivingTown.happened[said.get("absent", "value")] += 1
        if item not in granted:
            assert said.get("absent") == "not-granted", said
        elif SYSTEM_OF[item] in self.town.systems.down:
            assert part["status"] != "ok"
            assert said.get("absent") == "unavailable", said
        elif item not in ADDRESSES or self._may_be_told(number, item):
            assert (part["status"], said.get("value")) == ("ok", truth)
        else:
            assert part["status"] == "ok"
            assert said.get("absent") == ("ask-office" if self._known else "unavailable")

    def _may_be_told(self, number: str, item: str) -> bool:
        if not self._known:
            return False
        return not self._protected(number) or (item == BLOCK and self._lifted(number))

    @property
    def _known(self) -> bool:
        return self.copied_at is not None and (
            self.town.clock.now() - self.copied_at <= FLAG_MAX_AGE
        )

    def _protected(self, number: str) -> bool:
        flagged = self.copied is not None and number in self.copied
        return flagged or number in self.left or number in self.measures.values()

    def _lifted(self, number: str) -> bool:
        return number in self.open and self.town.clock.now() < self.open[number]
