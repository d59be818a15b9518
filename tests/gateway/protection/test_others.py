"""Where somebody else lives stands in some records: it leaves for nobody without an opening."""

from __future__ import annotations

import pytest

from gateway.protection import ProtectionStatus
from gateway.questions.door import through_the_door, usable
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from standard_models.answers import Absence, AbsenceReason, Answer, Value
from standard_models.builtin import load_builtin

ASK_OFFICE = Absence(AbsenceReason.ASK_OFFICE)
NOBODY: frozenset[str] = frozenset()
CLEAR = ProtectionStatus.CLEAR
SOMEBODY_ELSE = (
    "010.fuyoshinzokujoho.hifuyosha_jusho",
    "010.nozeikanrinintojoho.nozeikanrininto_jusho_choaza",
    "017.gakureijidojoho.hogosha_jusho_katagaki",
    "039.kasokyokajoho.shinseisha_jusho",
)
OWN = (
    "029.shinseijoho.shinseisha_denwabango",
    "001.juminkihonjoho.jusho_choaza",
    "010.sofusakijoho.sofusaki_choaza",
    "017.gakureijidojoho.jusho_choaza",
    "001.shojojoho.tenshutsusakijushokakutei_choaza",
)


def part_of(item: str, answer: Answer) -> Part:
    """Return the part of an answer with one record of one item."""
    group_ref, _, field = item.rpartition(".")
    group = load_builtin().groups[group_ref]
    assert group.item(field).address_class, item
    return Part(PlannedPart(group, (field,)), PartStatus.OK, [{field: answer}])


def answered(
    item: str, status: ProtectionStatus, opened: frozenset[str] = NOBODY, *, recorded: bool = True
) -> Answer:
    """Return what leaves."""
    source = Value("みどり一丁目") if recorded else Absence(AbsenceReason.NOT_RECORDED)
    part = part_of(item, source)
    (record,) = through_the_door(part, status, usable(opened, status, [part.planned])).records
    (answer,) = record.values()
    return answer


@pytest.mark.parametrize("item", SOMEBODY_ELSE)
@pytest.mark.parametrize("recorded", [True, False])
def test_where_somebody_else_lives_is_asked_at_the_office(item: str, recorded: bool) -> None:
    """DV-9, DV-11: dependants, guardians, agents, applicants; EX's record tells of no VICTIM."""
    for status in (CLEAR, ProtectionStatus.PROTECTED):
        assert answered(item, status, recorded=recorded) == ASK_OFFICE
    unknown = answered(item, ProtectionStatus.UNKNOWN, recorded=recorded)
    assert unknown == Absence(AbsenceReason.UNAVAILABLE)


@pytest.mark.parametrize("item", SOMEBODY_ELSE)
def test_two_officers_may_open_it(item: str) -> None:
    """DV-6: by an exemption, and not while nobody's status is known."""
    opened = frozenset({item})
    assert answered(item, CLEAR, opened) == Value("みどり一丁目")
    unknown = answered(item, ProtectionStatus.UNKNOWN, opened)
    assert unknown == Absence(AbsenceReason.UNAVAILABLE)


@pytest.mark.parametrize("item", OWN)
def test_ones_own_address_follows_ones_own_protection(item: str) -> None:
    """DV-1, DV-15: where one lives, gets letters, goes to school; where one has moved to."""
    assert answered(item, CLEAR) == Value("みどり一丁目")
    assert answered(item, ProtectionStatus.PROTECTED) == ASK_OFFICE


def test_every_person_in_the_names_of_address_items_is_known() -> None:
    """DV-9: a new edition that names somebody else makes this fail until it is said who."""
    people = {
        head
        for group in load_builtin().groups.values()
        if not group.protection_register
        for item in group.items
        if item.address_class and "_" in item.name
        for head in (item.name.partition("_")[0],)
        if head.endswith(("者", "人", "等", "医", "世帯主", "員"))
    }
    others = {"被扶養者", "納税管理人等", "保護者"}
    of_ones_own = {"特別徴収義務者", "主治医", "申請者", "死亡者"}
    assert people == others | of_ones_own


def test_an_opening_reveals_nothing_of_who_is_not_protected() -> None:
    """DV-17: an address that anybody would have been given is no reveal."""
    part = part_of(OWN[0], Value("みどり一丁目"))
    assert usable(frozenset({OWN[0]}), CLEAR, [part.planned]) == frozenset()
