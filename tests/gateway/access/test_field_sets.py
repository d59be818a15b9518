"""Named sets of items: put together once, granted as what they held then."""

import pytest

from gateway.access import AccessRegistry, AccessService, AccessStore, RegistrationError
from gateway.access.field_sets import FieldSets
from gateway.access.grants import GrantTerms
from gateway.audit import AuditQuery, AuditStore
from gateway.store.engine import Store
from standard_models.builtin import load_builtin
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import (
    CLIENT,
    PURPOSE,
    TOWN,
    approve,
    register,
)

NAME = "001.juminkihonjoho.shimei"
KANA = "001.juminkihonjoho.shimei_furigana"
STATE = "027.jukyushikakujoho.shikyujotai"


@pytest.fixture
def sets(store: Store, clock: StoppedClock) -> FieldSets:
    return FieldSets(AccessStore(store), load_builtin(), clock=clock, actor="test")


@pytest.fixture
async def consumer(registry: AccessRegistry) -> AccessRegistry:
    """A client and a purpose, with a grant of a name from yesterday on."""
    await register(registry)
    return registry


async def grant(registry: AccessRegistry, clock: StoppedClock, **terms: object) -> None:
    asked = GrantTerms(**{"items": (), "valid_from": clock.now().date(), **terms})  # type: ignore[arg-type]
    row = await registry.propose_grant(TOWN, CLIENT, PURPOSE, asked)
    await approve(registry, row.grant_id)


async def test_a_grant_holds_the_items_of_its_sets_beside_its_own(
    sets: FieldSets, consumer: AccessRegistry, service: AccessService, clock: StoppedClock
) -> None:
    """And says by which names."""
    await sets.add(TOWN, "names", name="氏名", items=[NAME])
    await grant(consumer, clock, items=[STATE], field_sets=("names",))
    granted = await service.grants_for(TOWN, CLIENT, PURPOSE)
    assert granted.items >= {NAME, STATE}
    assert granted.field_sets == ("names",)


async def test_a_group_in_a_set_is_written_down_item_by_item(sets: FieldSets) -> None:
    """Without the numbers of persons, as in a grant; My Number is in none."""
    row = await sets.add(TOWN, "child", name="児童手当", items=["027.jukyushikakujoho"])
    assert STATE in row.items
    assert "027.jukyushikakujoho" not in row.items
    for wrong in ([], ["001.*"], ["031.jutogaishaatenakihonjoho.kojinbango"]):
        with pytest.raises(RegistrationError):
            await sets.add(TOWN, "wrong", name="誤り", items=wrong)


async def test_a_set_is_registered_once_and_never_changes(sets: FieldSets) -> None:
    """What two officers agreed to must stay what they agreed to."""
    await sets.add(TOWN, "names", name="氏名", items=[NAME])
    with pytest.raises(RegistrationError):
        await sets.add(TOWN, "names", name="氏名とカナ", items=[NAME, STATE])
    [row] = await sets.all(TOWN)
    assert (row.items, row.name) == ([NAME], "氏名")
    assert await sets.all("999998") == []


async def test_a_retired_set_grants_nothing_new_and_takes_nothing_away(
    sets: FieldSets, consumer: AccessRegistry, service: AccessService, clock: StoppedClock
) -> None:
    """Nor can it be retired twice, or by another town."""
    await sets.add(TOWN, "state", name="状態", items=[STATE])
    await grant(consumer, clock, field_sets=("state",))
    with pytest.raises(RegistrationError):
        await sets.retire("999998", "state")
    await sets.retire(TOWN, "state")
    assert STATE in (await service.grants_for(TOWN, CLIENT, PURPOSE)).items
    for again in (sets.retire(TOWN, "state"), grant(consumer, clock, field_sets=("state",))):
        with pytest.raises(RegistrationError):
            await again


async def test_a_set_of_another_town_or_of_none_is_refused(
    sets: FieldSets, consumer: AccessRegistry, clock: StoppedClock
) -> None:
    """Sets are a town's own."""
    await sets.add("999998", "names", name="氏名", items=[NAME])
    for name in ("names", "nothing"):
        with pytest.raises(RegistrationError, match=name):
            await grant(consumer, clock, field_sets=(name,))


async def test_every_change_of_a_set_is_audited(
    sets: FieldSets, store: Store, clock: StoppedClock
) -> None:
    """Who, when, and what it holds."""
    await sets.add(TOWN, "names", name="氏名", items=[NAME])
    await sets.retire(TOWN, "names")
    rows = await AuditStore(store).list(AuditQuery(municipality=TOWN))
    assert [row.function for row in rows][:2] == ["field-set-retire", "field-set-add"]
