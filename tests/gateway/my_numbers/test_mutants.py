"""Each guard of My Numbers taken out in turn: what it is for must then go wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from gateway.access import AccessRegistry, RegistrationError
from gateway.access import registry as registry_module
from gateway.access.grants import GrantedItems, GrantTerms
from gateway.access.registration import MATCH_BY_NUMBER
from gateway.api import limits
from gateway.audit import AuditEntry
from gateway.keys import FileKeyStore, Keys
from gateway.matching import MissLimit
from gateway.my_numbers import MyNumberOffice, NumberMatching, Place, SealBroken, files, matching
from gateway.my_numbers.sealing import NumberSeal
from gateway.protection import ProtectionService, ProtectionStatus
from gateway.subjects import LinkFileError
from standard_models.values.identifiers import MyNumber
from tests.gateway.my_numbers.conftest import MISSES, OWN, RESIDENTS, file_of, number
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN, World

ORDINARY, PROTECTED = RESIDENTS[0][1], RESIDENTS[1][1]


@dataclass
class Scene:
    """What a scenario works with."""

    http: httpx.AsyncClient
    world: World
    office: MyNumberOffice
    registry: AccessRegistry
    keys: FileKeyStore

    async def outcome(self, digits: str) -> str:
        answer = await self.http.post(OWN, json={"kojinbango": digits})
        assert answer.status_code == 200, answer.status_code
        return str(answer.json()["outcome"])


@pytest.fixture
def scene(
    http: httpx.AsyncClient,
    world: World,
    kept: MyNumberOffice,
    registry: AccessRegistry,
    keys: FileKeyStore,
) -> Scene:
    return Scene(http, world, kept, registry, keys)


async def a_resident_is_found(scene: Scene) -> None:
    """The room does not protect by finding nobody."""
    assert await scene.outcome(ORDINARY) == "match"


async def protected_people_are_found_by_nobody(scene: Scene) -> None:
    """DV-8."""
    assert await scene.outcome(PROTECTED) == "no-match"


async def unknown_protection_is_an_outage(scene: Scene) -> None:
    """DV-3."""
    scene.world.clock.advance(hours=1)
    answer = await scene.http.post(OWN, json={"kojinbango": ORDINARY})
    assert answer.status_code == 503


async def two_persons_with_one_number_are_none(scene: Scene) -> None:
    """MN-6."""
    await scene.office.import_file(TOWN, "resident", file_of(("R3", ORDINARY)))
    assert await scene.outcome(ORDINARY) == "no-match"


async def the_record_has_the_mark(scene: Scene) -> None:
    """MN-4."""
    await scene.outcome(ORDINARY)
    assert [row["my_number"] for row in await scene.world.audit()] == [True]


async def another_purpose_finds_nobody(scene: Scene) -> None:
    """PL-5: the right is that of one purpose."""
    for grant in (await scene.registry.show_client(CLIENT))[1]:
        await scene.registry.revoke_grant(TOWN, grant.grant_id)
    answer = await scene.http.post(OWN, json={"kojinbango": ORDINARY})
    assert answer.status_code == 403


async def guessing_ends(scene: Scene) -> None:
    """API6."""
    statuses = [
        (await scene.http.post(OWN, json={"kojinbango": number(900 + n)})).status_code
        for n in range(MISSES + 1)
    ]
    assert statuses == [200] * MISSES + [429]


async def the_right_needs_an_affair_of_the_law(scene: Scene) -> None:
    """MN-5: at registration."""
    terms = GrantTerms(items=[MATCH_BY_NUMBER], valid_from=scene.world.clock.now().date())
    try:
        await scene.registry.propose_grant(TOWN, CLIENT, PURPOSE, terms)
    except RegistrationError:
        return
    raise AssertionError


async def an_earlier_key_still_finds(scene: Scene) -> None:
    """A rotation loses nobody."""
    scene.keys.rotate_my_numbers()
    assert await scene.outcome(ORDINARY) == "match"


async def a_seal_opens_in_its_place_alone(scene: Scene) -> None:
    """A row that was moved is noticed."""
    seal = NumberSeal(scene.keys.keys().my_number_secret)
    sealed = seal.seal(Place(TOWN, "resident", "R1"), MyNumber(ORDINARY))
    try:
        seal.unseal(Place(TOWN, "resident", "R2"), sealed)
    except SealBroken:
        return
    raise AssertionError


async def a_file_with_names_is_refused(_: Scene) -> None:
    """MN-6: what is not needed is not taken in."""
    text = f"宛名番号,個人番号,氏名\r\nR1,{ORDINARY},見本"
    try:
        files.read_number_file(text.encode("cp932"))
    except LinkFileError:
        return
    raise AssertionError


async def a_number_in_an_address_is_refused(scene: Scene) -> None:
    """MN-2."""
    answer = await scene.http.post(f"{OWN}?n={ORDINARY}")
    assert answer.status_code == 400


async def a_number_in_a_header_is_refused(scene: Scene) -> None:
    """MN-2."""
    answer = await scene.http.post(OWN, headers={"cookie": f"n={ORDINARY}"})
    assert answer.status_code == 400


SCENARIOS: tuple[Callable[[Scene], Awaitable[None]], ...] = (
    a_resident_is_found,
    protected_people_are_found_by_nobody,
    unknown_protection_is_an_outage,
    two_persons_with_one_number_are_none,
    the_record_has_the_mark,
    another_purpose_finds_nobody,
    guessing_ends,
    the_right_needs_an_affair_of_the_law,
    an_earlier_key_still_finds,
    a_seal_opens_in_its_place_alone,
    a_file_with_names_is_refused,
    a_number_in_an_address_is_refused,
    a_number_in_a_header_is_refused,
)


def everybody_is_clear(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> ProtectionStatus:
        return ProtectionStatus.CLEAR

    patch.setattr(ProtectionService, "status", changed)


def the_first_place_counts(patch: pytest.MonkeyPatch) -> None:
    real = NumberMatching._one_person

    async def changed(self: NumberMatching, municipality: str, places: Any) -> Any:
        return await real(self, municipality, places[:1])

    patch.setattr(NumberMatching, "_one_person", changed)


def no_mark_is_made(patch: pytest.MonkeyPatch) -> None:
    def changed(entry: AuditEntry, **_: object) -> AuditEntry:
        return entry

    patch.setattr(matching, "replace", changed)


def every_right_is_granted(patch: pytest.MonkeyPatch) -> None:
    granted = GrantedItems(frozenset({MATCH_BY_NUMBER}), None, (), False)  # type: ignore[arg-type]

    async def changed(*_: object) -> GrantedItems:
        return granted

    patch.setattr("gateway.access.service.AccessService.grants_of", changed)


def nobody_counts_misses(patch: pytest.MonkeyPatch) -> None:
    async def changed(*_: object) -> None:
        return None

    patch.setattr(MissLimit, "require_few", changed)


def the_list_of_the_law_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(registry_module, "require_number_use", lambda *_: None)


def only_the_newest_key_is_tried(patch: pytest.MonkeyPatch) -> None:
    real = FileKeyStore.keys

    def changed(self: FileKeyStore) -> Keys:
        found = real(self)
        return replace(found, my_numbers=found.my_numbers[-1:])

    patch.setattr(FileKeyStore, "keys", changed)


def seals_are_bound_to_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Place, "bound", b"")


def any_heading_is_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(files, "sorted", lambda names: len(names) > 1, raising=False)


def addresses_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "holds_number", lambda *_: False)


def headers_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "headers_hold_number", lambda *_: False)


MUTANTS: tuple[tuple[Callable[[pytest.MonkeyPatch], None], Any], ...] = (
    (everybody_is_clear, protected_people_are_found_by_nobody),
    (everybody_is_clear, unknown_protection_is_an_outage),
    (the_first_place_counts, two_persons_with_one_number_are_none),
    (no_mark_is_made, the_record_has_the_mark),
    (every_right_is_granted, another_purpose_finds_nobody),
    (nobody_counts_misses, guessing_ends),
    (the_list_of_the_law_is_not_looked_at, the_right_needs_an_affair_of_the_law),
    (only_the_newest_key_is_tried, an_earlier_key_still_finds),
    (seals_are_bound_to_nothing, a_seal_opens_in_its_place_alone),
    (any_heading_is_taken, a_file_with_names_is_refused),
    (addresses_are_not_looked_at, a_number_in_an_address_is_refused),
    (headers_are_not_looked_at, a_number_in_a_header_is_refused),
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
async def test_the_room_keeps_every_rule(
    scene: Scene, scenario: Callable[[Scene], Awaitable[None]]
) -> None:
    """As it is."""
    await scenario(scene)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("mutant", "scenario"), MUTANTS, ids=lambda one: getattr(one, "__name__", "")
)
async def test_without_a_rule_its_scenario_fails(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Callable[[pytest.MonkeyPatch], None],
    scenario: Callable[[Scene], Awaitable[None]],
) -> None:
    """The scenario would notice."""
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        await scenario(scene)
