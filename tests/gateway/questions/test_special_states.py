"""Persons of whom less is known, or something else: 住登外者, 外国人住民; 性別 of all."""

from __future__ import annotations

import pytest

from gateway.access import AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.problems import Problem
from gateway.questions.parts import PartStatus
from gateway.routes import RouteService, RouteStore
from gateway.subjects import LinkRow
from standard_models.answers import Absence, AbsenceReason, Value
from standard_models.builtin import load_builtin
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import CLIENT, GROUPS, NAME, PURPOSE, TAX, TOWN, World, world
from tests.gateway.questions.scripted import holding, manifest_of

__all__ = ["world"]

SEX = "001.juminkihonjoho.seibetsu"
FOREIGN = "001.gaikokujinjuminjoho"
STATUS, UNTIL, NATION = (
    f"{FOREIGN}.{field}"
    for field in ("zairyushikaku", "zairyukikanmanryonengappi", "kokusekichiikikodo")
)
NOT_GRANTED = Absence(AbsenceReason.NOT_GRANTED)


async def grant(world: World, *items: str) -> None:
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    terms = GrantTerms(items=items, valid_from=world.clock.now().date(), intersect=True)
    row = await registry.propose_grant(TOWN, CLIENT, PURPOSE, terms)
    await approve(registry, row.grant_id)


async def test_who_is_no_resident_has_facts_of_tax_and_no_record_of_residence(world: World) -> None:
    """住登外者: known by a number of the tax system alone; the register is not asked."""
    await world.subjects.import_links(
        TOWN, [LinkRow(9, (("tax", "T9"),), "staff-confirmed")], anchor="tax", actor="test"
    )
    person = await world.subjects.find_by_number(TOWN, "tax", "T9")
    assert person is not None
    handle = world.subjects.handle_for(TOWN, CLIENT, person.subject_id)
    answer = await world.ask(NAME, TAX, who=handle)
    resident, tax = answer.parts
    assert (resident.status, resident.absences) == (
        PartStatus.NOT_FOUND,
        {"shimei": Absence(AbsenceReason.NOT_RECORDED)},
    )
    assert tax.records == [{"nenzeigaku": Value(150000)}]
    assert world.systems["resident"].requests == []


async def test_sex_is_told_by_a_grant_of_it_alone(world: World) -> None:
    """性別: left out unless the purpose needs it; a grant of the name does not bring it."""
    world.systems["resident"].script = holding(shimei="見本　花子", seibetsu="2")
    with pytest.raises(Problem) as refused:
        await world.ask(NAME, SEX)
    assert refused.value.type.slug == "item-not-granted"
    assert (await world.ask(NAME)).parts[0].records == [{"shimei": Value("見本　花子")}]
    await grant(world, SEX)
    told = (await world.ask(NAME, SEX)).parts[0].records[0]
    assert told["seibetsu"].to_json()["value"] == "2"


@pytest.fixture
async def foreigner(world: World) -> World:
    """The register has 外国人住民 too; this one has a status of residence and no end of it."""
    connection = world.connections.find(TOWN, "scripted-resident")
    assert connection is not None
    supplies = manifest_of("resident", [*GROUPS["resident"], FOREIGN]).supplies
    connection.manifest = connection.manifest.model_copy(update={"supplies": supplies})
    routes = RouteService(RouteStore(world.store), world.clock)
    await routes.set(TOWN, FOREIGN, "scripted-resident", changed_by="test")
    world.systems["resident"].script = holding(zairyushikaku="60", kokusekichiikikodo="KOR")
    return world


@pytest.mark.parametrize("item", [STATUS, UNTIL, NATION])
async def test_what_tells_of_a_foreign_residents_status_is_granted_one_by_one(
    foreigner: World, item: str
) -> None:
    """外国人住民 (法30条の45): whoever may have one of the items is not given another."""
    await grant(foreigner, item)
    (part,) = (await foreigner.ask(STATUS, UNTIL, NATION, mode="intersect")).parts
    told = {f"{FOREIGN}.{field}": answer for field, answer in part.records[0].items()}
    assert {ref for ref, answer in told.items() if answer == NOT_GRANTED} == {
        STATUS,
        UNTIL,
        NATION,
    } - {item}


async def test_a_stay_without_an_end_has_none_and_never_runs_out(foreigner: World) -> None:
    """特別永住者: no date is made up, and years later the record is as good as today."""
    await grant(foreigner, STATUS, UNTIL)
    for _ in range(2):
        (part,) = (await foreigner.ask(STATUS, UNTIL)).parts
        assert part.status is PartStatus.OK
        assert part.records[0]["zairyukikanmanryonengappi"] == Absence(AbsenceReason.NOT_RECORDED)
        assert isinstance(part.records[0]["zairyushikaku"], Value)
        foreigner.clock.advance(days=3_650)
