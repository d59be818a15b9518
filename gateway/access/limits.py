"""What the law does not let a town grant: tax secrecy, welfare records, other organs. Pure.

The laws and the businesses that they touch are data with a date (``legal_limits.yaml``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from gateway.access.registration import RegistrationError
from standard_models.dictionary import DataItem
from standard_models.safe_yaml import safe_load

_MOST_NAMED: Final = 5


class OrganKind(StrEnum):
    """What kind of organ asks, as far as the law tells them apart."""

    GENERAL = "general"
    """市長部局"""
    TAX = "tax"
    """税務部門"""
    WELFARE = "welfare"
    """福祉事務所"""
    EDUCATION = "education"
    """教育委員会"""
    OTHER = "other"
    """選挙管理委員会などの他の執行機関"""


@dataclass(frozen=True, slots=True)
class Bases:
    """Provisions beside the legal basis of a purpose.

    ``tax`` opens facts of tax to it; ``provision`` lets another organ have what the mayor holds.
    ``number_use`` is the affair for which My Numbers are used, ``number_ordinance`` the ordinance.
    """

    tax: str | None = None
    provision: str | None = None
    number_use: str | None = None
    number_ordinance: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit from ``valid_from`` on, which the organs named either are free of or alone meet."""

    law: str
    valid_from: dt.date
    organs: frozenset[OrganKind]
    businesses: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()

    def touched(self, items: Iterable[DataItem]) -> list[str]:
        """Return the references of the items that are its own or of its businesses."""
        return [i.ref for i in items if i.business_id in self.businesses or i.ref in self.items]


@dataclass(frozen=True, slots=True)
class LegalLimits:
    """Every limit."""

    tax_secrecy: Limit
    predicate_only: Limit
    provision: Limit
    longest_consent: dt.timedelta


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks and on what ground, as far as the limits look at it."""

    organ: OrganKind
    bases: Bases
    consent: bool
    on: dt.date


def require_lawful(
    items: Iterable[DataItem], asking: Asking, worked_from: Iterable[DataItem] = ()
) -> None:
    """Do nothing if these items may be granted.

    ``worked_from`` are items that do not leave, but a fact about them does. That tells something
    of tax as the item itself does; of public assistance such a fact is all that may be told.

    Rules TX-1 (tax facts need a statute or the person's live consent), TX-3 (another organ needs
    a basis for the provision), TX-4 (records of public assistance stay with its own office).

    Raises:
        RegistrationError: naming the law, the first items and what would be needed.

    """
    items, limits = tuple(items), legal_limits()
    tax, welfare, provision = limits.tax_secrecy, limits.predicate_only, limits.provision
    if _holds(provision, asking) and asking.organ in provision.organs:
        _require_provision(provision, asking)
    if _holds(welfare, asking) and asking.organ not in welfare.organs:
        _refuse_records(welfare, items)
    opened = asking.bases.tax is not None or asking.consent or asking.organ in tax.organs
    touched = tax.touched([*items, *worked_from])
    if touched and not opened and _holds(tax, asking):
        raise RegistrationError(
            f"税の項目（{_named(touched)}）を税務以外の事務に許可するには、提供の根拠となる規定"
            f"（purpose add --tax-basis）か、本人の同意（--consent）が必要です（{tax.law}）。",
            f"Tax items ({_named(touched)}) need a provision that opens them (purpose add "
            f"--tax-basis) or the person's consent (--consent): {tax.law}.",
        )


def _holds(limit: Limit, asking: Asking) -> bool:
    return limit.valid_from <= asking.on


def _require_provision(limit: Limit, asking: Asking) -> None:
    if asking.bases.provision is None:
        raise RegistrationError(
            "ほかの執行機関への提供には、条例などの根拠（purpose add --provision-basis）が必要です"
            f"（{limit.law}）。",
            "Another organ needs an ordinance or statute for the provision (purpose add "
            f"--provision-basis): {limit.law}.",
        )


def _refuse_records(limit: Limit, items: Iterable[DataItem]) -> None:
    touched = limit.touched(items)
    if touched:
        raise RegistrationError(
            f"生活保護の記録（{_named(touched)}）は、福祉事務所の事務のほかには許可できません"
            f"（{limit.law}）。",
            f"Records of public assistance ({_named(touched)}) cannot be granted outside the "
            f"welfare office: {limit.law}.",
        )


def _named(references: list[str]) -> str:
    more = len(references) - _MOST_NAMED
    return "、".join(references[:_MOST_NAMED]) + (f" +{more}" if more > 0 else "")


@cache
def legal_limits() -> LegalLimits:
    """Return the limits that come with the product."""
    text = files("gateway.access").joinpath("legal_limits.yaml").read_text("utf-8")
    data = safe_load(text)
    return LegalLimits(
        _limit(data["tax_secrecy"]),
        _limit(data["predicate_only"]),
        _limit(data["provision"]),
        dt.timedelta(days=data["consent"]["longest_days"]),
    )


def _limit(data: dict[str, Any]) -> Limit:
    return Limit(
        data["law"],
        data.get("valid_from", dt.date.min),
        frozenset(OrganKind(kind) for kind in data["organs"]),
        frozenset(data.get("businesses", ())),
        frozenset(data.get("items", ())),
    )
