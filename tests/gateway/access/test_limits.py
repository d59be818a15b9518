"""TX-1, TX-3, TX-4: what the law does not let be granted is refused at registration."""

import datetime as dt
import re
from typing import Any

import pytest

from gateway.access import AccessRegistry, RegistrationError
from gateway.access.grants import GrantTerms
from gateway.access.limits import Asking, Bases, OrganKind, legal_limits, require_lawful
from standard_models.builtin import load_builtin
from tests.gateway.access.consumers import CLIENT, NAME, TOWN, public_jwks

INCOME = "010.kazeikihonjoho.gokeishotokukingaku"
TODAY = dt.date(2026, 10, 1)


def assistance() -> str:
    """Return some item of 生活保護."""
    return next(
        i.ref for g in load_builtin().groups.values() for i in g.items if i.business_id == "021"
    )


async def propose(registry: AccessRegistry, items: list[str], **purpose: Any) -> str:
    """Register a purpose and propose a grant for it; return the id of the grant."""
    consent = purpose.pop("consent", False)
    await registry.add_client(CLIENT, name="Online", contact="ict", jwks=public_jwks())
    members = {"name_ja": "事務", "name_en": "Work", "legal_basis": "法1条", "organ": "課"}
    await registry.add_purpose(TOWN, "work-1", **members | purpose)
    terms = GrantTerms(items=items, valid_from=TODAY, consent=consent)
    return (await registry.propose_grant(TOWN, CLIENT, "work-1", terms)).grant_id


@pytest.mark.parametrize(
    ("purpose", "lawful"),
    [
        ({}, False),
        ({"organ_kind": OrganKind.WELFARE}, False),
        ({"bases": Bases(provision="条例3条")}, False),
        ({"organ_kind": OrganKind.TAX}, True),
        ({"bases": Bases(tax="児童手当法28条")}, True),
        ({"consent": True}, True),
    ],
    ids=["nothing", "another-department", "other-basis", "tax-office", "statute", "consent"],
)
async def test_tax_facts_need_a_statute_or_the_persons_consent(
    registry: AccessRegistry, purpose: dict[str, Any], lawful: bool
):
    """TX-1: refused at registration, naming the items, the law and what would do."""
    if lawful:
        assert await propose(registry, [NAME, INCOME], **purpose)
        return
    with pytest.raises(RegistrationError) as refused:
        await propose(registry, [NAME, INCOME], **purpose)
    assert INCOME in refused.value.detail_ja
    assert "地方税法第22条" in refused.value.detail_ja
    assert "--tax-basis" in refused.value.detail_en
    assert NAME not in refused.value.detail_ja


@pytest.mark.parametrize("kind", [OrganKind.EDUCATION, OrganKind.OTHER])
async def test_another_organ_needs_a_basis_for_the_provision(
    registry: AccessRegistry, kind: OrganKind
):
    """TX-3: from the mayor to 教育委員会 is a provision, whatever the items."""
    with pytest.raises(RegistrationError, match="--provision-basis"):
        await propose(registry, [NAME], organ_kind=kind)


async def test_another_organ_with_a_basis_may_be_granted(registry: AccessRegistry):
    """The reference stands with the purpose."""
    basis = Bases(provision="個人情報の提供に関する条例第3条")
    assert await propose(registry, [NAME], organ_kind=OrganKind.EDUCATION, bases=basis)
    (row,) = await registry.list_purposes(TOWN)
    assert (row.organ_kind, row.provision_basis) == ("education", basis.provision)


@pytest.mark.parametrize("kind", [k for k in OrganKind if k is not OrganKind.WELFARE])
def test_records_of_public_assistance_stay_with_the_welfare_office(kind: OrganKind):
    """TX-4: neither a statute for tax, nor an ordinance, nor a consent opens the record."""
    item = load_builtin().find_item(assistance())
    assert item is not None
    bases = Bases("法1条", "条例1条")
    with pytest.raises(RegistrationError, match="welfare office"):
        require_lawful([item], Asking(kind, bases, True, TODAY))
    require_lawful([item], Asking(OrganKind.WELFARE, Bases(), False, TODAY))


@pytest.mark.parametrize("kind", [k for k in OrganKind if k is not OrganKind.WELFARE])
def test_no_other_record_tells_that_somebody_receives_public_assistance(kind: OrganKind):
    """TX-4: as a fact alone; a new edition with such an item makes this fail until it is named."""
    telling = [
        item
        for group in load_builtin().groups.values()
        for item in group.items
        if re.search("生活保護|生活扶助|被保護", item.name)
    ]
    assert len({item.business_id for item in telling}) > 2
    for item in telling:
        with pytest.raises(RegistrationError, match="welfare office"):
            require_lawful([item], Asking(kind, Bases("法1条", "条例1条"), True, TODAY))


def test_a_limit_with_a_date_holds_from_that_day_on():
    """The limits are data: laws change."""
    asking = Asking(OrganKind.EDUCATION, Bases(), False, dt.date(2023, 3, 31))
    require_lawful([], asking)
    with pytest.raises(RegistrationError):
        require_lawful([], Asking(OrganKind.EDUCATION, Bases(), False, dt.date(2023, 4, 1)))


def test_every_business_of_a_limit_is_one_of_the_standard():
    """A typing error would open what the law closes."""
    known = {i.business_id for g in load_builtin().groups.values() for i in g.items}
    limits = legal_limits()
    for limit in (limits.tax_secrecy, limits.predicate_only):
        assert limit.businesses <= known
        assert limit.businesses
        assert all(load_builtin().find_item(item) for item in limit.items)


async def test_a_refusal_names_some_items_and_counts_the_rest(registry: AccessRegistry):
    """A group may have a hundred."""
    with pytest.raises(RegistrationError, match=r"\+\d+\)"):
        await propose(registry, ["010.kazeikihonjoho"])
