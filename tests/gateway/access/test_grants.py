import datetime as dt
from dataclasses import replace

import pytest

from gateway.access import AccessRegistry, AccessService, GrantedItems, RegistrationError
from gateway.access.grants import GrantTerms
from gateway.access.registration import expand_items, is_my_number
from gateway.problems import Problem
from standard_models.builtin import load_builtin
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import CLIENT, NAME, PURPOSE, TOWN, approve, register

YESTERDAY, TODAY, TOMORROW = (dt.date(2026, 10, day) for day in (9, 10, 11))


async def granted(service: AccessService, clock: StoppedClock, day: dt.date) -> GrantedItems:
    """Return what the consumer may ask at noon of that day."""
    clock.time = dt.datetime.combine(day, dt.time(3), dt.UTC)
    return await service.grants_for(TOWN, CLIENT, PURPOSE)


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "granted"),
    [
        (dt.date(2026, 4, 1), YESTERDAY, False),
        (dt.date(2026, 4, 1), TODAY, True),
        (dt.date(2026, 4, 1), TOMORROW, True),
        (dt.date(2026, 4, 1), None, True),
        (TODAY, TODAY, True),
        (TODAY, None, True),
        (TOMORROW, None, False),
        (TOMORROW, TOMORROW, False),
    ],
    ids=[
        "ended yesterday",
        "ends today",
        "ends tomorrow",
        "has no end",
        "holds today alone",
        "starts today",
        "starts tomorrow",
        "holds tomorrow alone",
    ],
)
@pytest.mark.parametrize("time", ["00:00:00", "08:59:59", "23:59:59"])
async def test_both_days_of_a_grant_are_included_in_tokyo(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    valid_from: dt.date,
    valid_to: dt.date | None,
    granted: bool,
    time: str,
):
    """PL-1: the day turns at midnight in Tokyo; at 08:59:59 there it is still yesterday in UTC."""
    await register(registry, valid_from=valid_from, valid_to=valid_to)
    clock.time = dt.datetime.fromisoformat(f"2026-10-10T{time}+09:00")
    if granted:
        assert (await service.grants_for(TOWN, CLIENT, PURPOSE)).items == {NAME}
    else:
        with pytest.raises(Problem) as refusal:
            await service.grants_for(TOWN, CLIENT, PURPOSE)
        assert refusal.value.type.slug == "purpose-not-granted"


async def test_an_expired_grant_names_its_last_day_and_a_coming_one_its_first(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """So that the consumer knows what to ask the municipality."""
    await register(registry, valid_from=TODAY, valid_to=TOMORROW)
    with pytest.raises(Problem) as late:
        await granted(service, clock, dt.date(2026, 10, 12))
    assert late.value.detail_ja == "許可は 2026-10-11 で終わっています。"
    assert late.value.extensions == {"valid_to": "2026-10-11"}
    with pytest.raises(Problem) as early:
        await granted(service, clock, YESTERDAY)
    assert early.value.detail_ja == "許可は 2026-10-10 から始まります。"


async def test_an_unknown_purpose_is_told_apart_from_one_that_was_not_granted(
    service: AccessService, registry: AccessRegistry
):
    """A spelling mistake and a missing right have different remedies."""
    await register(registry)
    await registry.add_client("other-service", name="O", contact="c", jwks=OTHER_KEYS)
    for client, purpose, slug in (
        (CLIENT, "jidoteate", "unknown-purpose"),
        ("other-service", PURPOSE, "purpose-not-granted"),
    ):
        with pytest.raises(Problem) as refusal:
            await service.grants_for(TOWN, client, purpose)
        assert refusal.value.type.slug == slug
    with pytest.raises(Problem) as elsewhere:
        await service.grants_for("999989", CLIENT, PURPOSE)
    assert elsewhere.value.type.slug == "unknown-purpose"


OTHER_KEYS = {
    "keys": [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "kid": "k",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }
    ]
}


async def test_grants_that_hold_together_add_up_and_one_that_was_revoked_does_not_count(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """Two grants of one purpose; then one is taken back, at once."""
    first = await register(registry)
    second = await registry.propose_grant(
        TOWN,
        CLIENT,
        PURPOSE,
        GrantTerms(items=["001.juminkihonjoho.seibetsu"], valid_from=TODAY, valid_to=None),
    )
    await approve(registry, second.grant_id)
    both = await granted(service, clock, TODAY)
    assert both.items == {NAME, "001.juminkihonjoho.seibetsu"}
    await registry.revoke_grant(TOWN, first)
    left = await granted(service, clock, TODAY)
    assert left.items == {"001.juminkihonjoho.seibetsu"}
    await registry.revoke_grant(TOWN, second.grant_id)
    with pytest.raises(Problem):
        await granted(service, clock, TODAY)


def test_a_group_is_written_down_item_by_item():
    """References of items only, sorted, each once; numbers of people and households are not."""
    items = expand_items(["001.juminkihonjoho", NAME], load_builtin())
    group = load_builtin().find_group("001.juminkihonjoho")
    assert group is not None
    assert items == sorted(items)
    numbers = {"001.juminkihonjoho.atenabango", "001.juminkihonjoho.setaibango"}
    assert set(items) == {item.ref for item in group.items} - numbers
    assert len(items) == len(set(items))
    assert NAME in items


@pytest.mark.parametrize(
    "reference",
    [
        "001.juminkihonjoho.atenabango",
        "001.juminkihonjoho.setaibango",
        "001.setaiinjoho.setaiin_atenabango",
        "027.jidojoho.jido_atenabango",
        "031.jutogaishaatenakihonjoho.nayosesakiatenabango",
    ],
)
def test_the_number_of_a_person_or_household_cannot_be_granted(reference: str):
    """Consumers tell people apart by handles, so that two of them cannot join what they hold."""
    with pytest.raises(RegistrationError) as caught:
        expand_items([NAME, reference], load_builtin())
    assert reference in caught.value.detail_ja


@pytest.mark.parametrize("reference", ["*", "001.*", "001", "001.juminkihonjoho.*", "", "shimei"])
def test_there_are_no_wildcards(reference: str):
    """Whoever registers names what is granted."""
    with pytest.raises(RegistrationError):
        expand_items([reference], load_builtin())


def test_an_item_stands_for_itself_and_for_nothing_of_its_name_elsewhere():
    """PL-6: every leaf alone, in its group, and misspelt; people's numbers and My Number apart."""
    dictionary = load_builtin()
    alone = 0
    for group in dictionary.groups.values():
        try:
            of_group = expand_items([group.ref], dictionary)
        except RegistrationError:
            continue  # a register of protection, or a group with My Number in it
        assert {ref.rpartition(".")[0] for ref in of_group} == {group.ref}
        for ref in of_group:
            assert expand_items([ref], dictionary) == [ref]
            alone += 1
        name = of_group[0].rpartition(".")[2]
        for wrong in (
            f"{group.ref}.{name}x",
            f"{group.ref}.{name.upper()}",
            f"{group.ref}..{name}",
        ):
            with pytest.raises(RegistrationError):
                expand_items([f"{group.ref}.{wrong}"], dictionary)
    assert alone > 1_000


def test_nothing_is_not_granted():
    """A grant without an item is a mistake."""
    with pytest.raises(RegistrationError):
        expand_items([], load_builtin())


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("個人番号", "kojimbango", True),
        ("個人番号（変更前）", "henkomae", True),
        ("番号", "kojinbango_1", True),
        ("宛名番号", "atenabango", False),
        ("法人番号", "hojimbango", False),
    ],
)
def test_my_number_is_known_by_its_name(name: str, field: str, expected: bool):
    """By the official Japanese or the official romaji name."""
    item = load_builtin().find_item(NAME)
    assert item is not None
    assert is_my_number(replace(item, name=name, field_name=field)) is expected


@pytest.mark.parametrize(
    "reference",
    [
        "001.shiensochijoho",
        "001.shiensochijoho.shiensochikaishinengappi",
        "001.kagaishajoho.kagaisha_shimei",
        "001.yokushijoho.yokushikubun",
        "004.fuhyoshiensochijoho",
    ],
)
def test_a_register_of_protection_cannot_be_granted(reference: str):
    """Neither whole nor by an item: that a measure exists is itself secret."""
    with pytest.raises(RegistrationError, match="register of protection"):
        expand_items([reference], load_builtin())


@pytest.mark.parametrize(
    "reference",
    [
        "010.kyufukinshikyujoho.haigushaboryokutohinanshakubun",
        "016.zeishomeihakkojoho.hakkoyokushikubun",
        "002.inkantorokujoho.shomeishokofuyokushikubun",
        "032.dantainaitogoatenajoho.fukaijigaitofuragu",
    ],
)
def test_what_tells_of_protection_in_other_records_cannot_be_granted(reference: str):
    """DV-8: it is itself secret, whatever the record is for."""
    with pytest.raises(RegistrationError, match="tells that a person is protected"):
        expand_items([reference], load_builtin())


def test_a_group_does_not_stand_for_what_tells_of_protection_in_it():
    """DV-8: the rest of it is granted."""
    of_group = expand_items(["010.kyufukinshikyujoho"], load_builtin())
    assert "010.kyufukinshikyujoho.shikyugaku" in of_group
    assert "010.kyufukinshikyujoho.haigushaboryokutohinanshakubun" not in of_group


@pytest.mark.parametrize(
    "reference", ["001.bangojoho.juminhyokodo", "001.bangojoho.kisonenkinbango"]
)
def test_record_codes_and_pension_numbers_cannot_be_granted(reference: str):
    """The law lets nobody outside their own administration ask for them."""
    with pytest.raises(RegistrationError, match="number of a person"):
        expand_items([reference], load_builtin())


def test_my_number_cannot_be_granted():
    """Neither by its reference nor inside its group."""
    for reference in ("001.bangojoho.kojinbango", "001.bangojoho"):
        with pytest.raises(RegistrationError, match=r"My Number.*001\.bangojoho\.kojinbango"):
            expand_items([reference], load_builtin())


async def test_a_grant_is_in_force_only_when_a_second_person_has_approved_it(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
) -> None:
    """Nobody can give a right alone; who proposed and who approved stands in the record."""
    first = await register(registry)
    await registry.revoke_grant(TOWN, first)
    row = await registry.propose_grant(
        TOWN, CLIENT, PURPOSE, GrantTerms(items=[NAME], valid_from=TODAY, valid_to=None)
    )
    with pytest.raises(Problem) as waiting:
        await granted(service, clock, TODAY)
    assert "承認を待って" in waiting.value.detail_ja
    with pytest.raises(RegistrationError) as own:
        await registry.approve_grant(TOWN, row.grant_id)
    assert "Nobody can approve a grant of their own" in own.value.detail_en
    await approve(registry, row.grant_id)
    assert (await granted(service, clock, TODAY)).items == {NAME}
    with pytest.raises(RegistrationError):
        await approve(registry, row.grant_id)


async def test_a_proposal_that_was_turned_down_cannot_be_approved(registry: AccessRegistry) -> None:
    """One person is enough to take a right away."""
    await register(registry)
    row = await registry.propose_grant(
        TOWN, CLIENT, PURPOSE, GrantTerms(items=[NAME], valid_from=TODAY, valid_to=None)
    )
    await registry.revoke_grant(TOWN, row.grant_id)
    with pytest.raises(RegistrationError):
        await approve(registry, row.grant_id)
