"""For what an individual number may be used: the law's list, and a town's ordinances. Pure.

The affairs are data with dates (``number_uses.yaml``). Nobody's consent opens the number to
another use: that the person agrees is no ground (番号法 9条).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from gateway.access.limits import OrganKind
from gateway.access.registration import RegistrationError
from standard_models.safe_yaml import safe_load

_ARTICLE: Final = re.compile(r"条例.*第[0-9０-９〇一二三四五六七八九十百]+条")


@dataclass(frozen=True, slots=True)
class NumberUse:
    """An affair for which the law lets these organs use the number."""

    use_id: str
    provision: str
    organs: frozenset[OrganKind]
    needs_ordinance: bool
    valid_from: dt.date
    valid_to: dt.date | None

    def holds_on(self, day: dt.date) -> bool:
        """Return whether the provision is in force on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class NumberUses:
    """Every affair, and the law by which another organ may have the number."""

    by_id: dict[str, NumberUse]
    provision_law: str
    provision_organs: frozenset[OrganKind]
    provision_from: dt.date


def require_number_use(
    use_id: str | None, ordinance: str | None, organ: OrganKind, on: dt.date
) -> None:
    """Do nothing if an organ may use My Numbers on this ground on this day. Rule MN-5.

    Raises:
        RegistrationError: no affair of the list, one that is not in force or not this organ's, or
            an ordinance that is needed and not named with its article.

    """
    uses = number_uses()
    use = uses.by_id.get(use_id or "")
    if use is None or not use.holds_on(on):
        listed = "、".join(sorted(u.use_id for u in uses.by_id.values() if u.holds_on(on)))
        raise RegistrationError(
            "個人番号を使うには、番号法第9条で使える事務（purpose add --number-use）が必要です。"
            f"指定できるもの：{listed}。本人の同意では使えません。",
            "My Number needs an affair of the Number Act, article 9 (purpose add --number-use): "
            f"{listed}. The person's consent is no ground.",
        )
    if organ not in use.organs:
        raise RegistrationError(
            f"この種類の担当（{organ}）は、{use.provision}では個人番号を使えません。",
            f"An organ of this kind ({organ}) may not use My Number on that ground: "
            f"{use.provision}.",
        )
    other = organ in uses.provision_organs and uses.provision_from <= on
    if (use.needs_ordinance or other) and not _ARTICLE.search(ordinance or ""):
        law = uses.provision_law if other else use.provision
        raise RegistrationError(
            f"{law}により、条例の名称と条（purpose add --number-ordinance）が必要です。",
            f"The ordinance and its article are needed (purpose add --number-ordinance): {law}.",
        )


@cache
def number_uses() -> NumberUses:
    """Return the affairs that come with the product."""
    text = files("gateway.access").joinpath("number_uses.yaml").read_text("utf-8")
    data = safe_load(text)
    provision = data["provision_to_other_organ"]
    return NumberUses(
        {entry["id"]: _use(entry) for entry in data["uses"]},
        provision["law"],
        frozenset(OrganKind(kind) for kind in provision["organs"]),
        provision["valid_from"],
    )


def _use(entry: dict[str, Any]) -> NumberUse:
    return NumberUse(
        entry["id"],
        entry["provision"],
        frozenset(OrganKind(kind) for kind in entry["organs"]),
        entry.get("needs_ordinance", False),
        entry["valid_from"],
        entry.get("valid_to"),
    )
