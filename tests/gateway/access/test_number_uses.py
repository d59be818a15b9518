"""MN-5: what My Numbers may be used for is decided at registration, not at the time of use."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.access import AccessRegistry, RegistrationError
from gateway.access.grants import GrantTerms
from gateway.access.limits import Bases, OrganKind
from gateway.access.number_uses import number_uses, require_number_use
from gateway.access.registration import MATCH_BY_NUMBER
from tests.gateway.access.consumers import CLIENT, TOWN, public_jwks

TODAY = dt.date(2026, 10, 1)
ORDINANCE = "見本市個人番号の利用等に関する条例第4条"
GENERAL, TAX, WELFARE = OrganKind.GENERAL, OrganKind.TAX, OrganKind.WELFARE
EDUCATION, OTHER = OrganKind.EDUCATION, OrganKind.OTHER


@pytest.mark.parametrize(
    ("use", "ordinance", "organ", "told"),
    [
        ("jidoteate", None, GENERAL, None),
        ("juminzei", None, TAX, None),
        ("seikatsuhogo", None, WELFARE, None),
        ("jorei", ORDINANCE, GENERAL, None),
        ("jorei", "見本市条例第１２条", OTHER, None),
        ("gakkohoken", ORDINANCE, EDUCATION, None),
        (None, None, GENERAL, "article 9"),
        (None, ORDINANCE, GENERAL, "article 9"),
        ("shiminkaigi", None, GENERAL, "article 9"),
        ("juminzei", None, GENERAL, "kind"),
        ("seikatsuhogo", None, TAX, "kind"),
        ("jidoteate", ORDINANCE, EDUCATION, "kind"),
        ("jorei", None, GENERAL, "第9条第2項"),
        ("jorei", "市長決裁", GENERAL, "第9条第2項"),
        ("jorei", "見本市個人番号の利用等に関する条例", GENERAL, "第9条第2項"),
        ("gakkohoken", None, EDUCATION, "第19条第11号"),
        ("kodomokosodateshien", "児童福祉法第24条", EDUCATION, "第19条第11号"),
        ("jorei", None, OTHER, "第19条第11号"),
    ],
)
def test_the_table_of_the_law(
    use: str | None, ordinance: str | None, organ: OrganKind, told: str | None
) -> None:
    """番号法 9条: an affair of its list or of an ordinance; 19条: another organ by ordinance."""
    if told is None:
        require_number_use(use, ordinance, organ, TODAY)
        return
    with pytest.raises(RegistrationError) as refused:
        require_number_use(use, ordinance, organ, TODAY)
    assert told in refused.value.detail_en


def test_a_provision_that_is_not_in_force_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list has dates: the day before, the first, the last, the day after."""
    use = number_uses().by_id["jidoteate"]
    assert not use.holds_on(use.valid_from - dt.timedelta(days=1))
    assert use.holds_on(use.valid_from)
    with pytest.raises(RegistrationError):
        require_number_use("jidoteate", None, GENERAL, use.valid_from - dt.timedelta(days=1))


async def purpose(
    registry: AccessRegistry, bases: Bases | None, organ: OrganKind = GENERAL
) -> None:
    await registry.add_purpose(
        TOWN,
        "bango",
        name_ja="番号",
        name_en="By number",
        legal_basis="法",
        organ="課",
        organ_kind=organ,
        bases=bases,
    )


async def grant(registry: AccessRegistry, **terms: bool) -> None:
    await registry.add_client(CLIENT, name="申請", contact="課", jwks=public_jwks())
    what = GrantTerms(items=[MATCH_BY_NUMBER], valid_from=TODAY, **terms)
    await registry.propose_grant(TOWN, CLIENT, "bango", what)


async def test_a_purpose_on_another_ground_is_not_registered(registry: AccessRegistry) -> None:
    """Neither an affair that the list does not have, nor another organ without an ordinance."""
    for bases, organ in (
        (Bases(number_use="koho"), GENERAL),
        (Bases(number_ordinance=ORDINANCE), GENERAL),
        (Bases(provision="条例第1条", number_use="gakkohoken"), EDUCATION),
    ):
        with pytest.raises(RegistrationError):
            await purpose(registry, bases, organ)
    assert await registry.list_purposes(TOWN) == []


@pytest.mark.parametrize("consent", [False, True])
async def test_without_an_affair_of_the_law_the_right_is_not_granted(
    registry: AccessRegistry, consent: bool
) -> None:
    """MN-5: the person's consent is no ground either."""
    await purpose(registry, Bases(tax="地方税法第20条の11"))
    with pytest.raises(RegistrationError, match="article 9"):
        await grant(registry, consent=consent)


async def test_with_an_affair_of_the_law_the_right_is_granted(registry: AccessRegistry) -> None:
    """The affair and the ordinance stand with the purpose, for everybody to read."""
    await purpose(registry, Bases(provision="条例第2条", number_use="gakkohoken",
                                  number_ordinance=ORDINANCE), EDUCATION)  # fmt: skip
    await grant(registry)
    (row,) = await registry.list_purposes(TOWN)
    assert (row.number_use, row.number_ordinance) == ("gakkohoken", ORDINANCE)
