"""People move, marry, are flagged and taxed, rights come and go, systems fail: what never breaks.

Source of the rules: DV-1, DV-3, DV-8 (shape), PL-2, AU-2, PA-3, over two gateways on one database.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from gateway.access import AccessService
from gateway.access.grants import GrantedItems, Relation
from gateway.audit import AuditLog
from gateway.audit.entries import AuditId
from gateway.protection.service import ProtectionStatus
from tests.gateway.protection.room import patch_status
from tests.redteam.living_town import ITEMS, PEOPLE
from tests.redteam.town_machine import LivingTown
from tests.size import size_of

people = st.sampled_from(PEOPLE)
gateways = st.sampled_from((0, 1))
item_lists = st.lists(st.sampled_from(ITEMS), min_size=1, max_size=len(ITEMS), unique=True)
officers = st.sampled_from(("first", "second"))


def live(examples: int, steps: int, *phases: Phase) -> None:
    """Let so many towns live for so many events."""
    run_state_machine_as_test(
        LivingTown,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=size_of(ordinary=1, nightly=0) == 1,
            phases=phases,
            database=None,
        ),
    )


@pytest.mark.timeout(7_200)
def test_whatever_happens_in_a_town_no_answer_breaks_the_rules(sqlite_template: Path) -> None:
    """DV-1, DV-3, DV-8, PL-2, AU-2, PA-3; and enough happens for that to mean something."""
    LivingTown.template = sqlite_template
    LivingTown.happened.clear()
    live(
        size_of(ordinary=8, nightly=300),
        size_of(ordinary=50, nightly=80),
        Phase.generate,
        *[Phase.shrink][size_of(ordinary=1, nightly=0) :],
    )
    assert LivingTown.happened.keys() >= {
        "value",
        "address not there",
        "ask-office",
        "unavailable",
        "not-granted",
    }


async def nobody_is_protected(*_: Any) -> ProtectionStatus:
    return ProtectionStatus.CLEAR


async def everything_is_granted(*_: Any) -> GrantedItems:
    return GrantedItems(frozenset(ITEMS), Relation.SELF, (), intersect=True)


async def nothing_is_written(*_: Any) -> AuditId:
    return AuditId("0")


@pytest.mark.parametrize(
    "take_out",
    [
        lambda patch: patch_status(patch, nobody_is_protected),
        lambda patch: patch.setattr(AccessService, "grants_for", everything_is_granted),
        lambda patch: patch.setattr(AuditLog, "append", nothing_is_written),
    ],
    ids=["protection", "grants", "record"],
)
def test_without_any_of_its_guards_the_town_is_not_safe(
    sqlite_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    take_out: Callable[[pytest.MonkeyPatch], None],
) -> None:
    """Mutants: the events above do come upon a rule that is taken out."""
    LivingTown.template = sqlite_template
    take_out(monkeypatch)
    with pytest.raises(AssertionError):
        live(20, 50, Phase.generate)
