"""What the open adapters say becomes what the state page shows."""

import pytest

from adapters.contract import Deadline
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    Foreign,
    PlannedUnavailable,
    Unavailable,
)
from adapters.manifest import Capability
from gateway.connections import Connections, RefusedAdapter
from gateway.console import AdapterCondition
from gateway.console.states import ConnectionStates
from standard_models.builtin import load_builtin
from tests.gateway.questions.conftest import NAME, TAX, World
from tests.gateway.questions.conftest import world as world  # noqa: PLC0414 - a shared fixture
from tests.gateway.questions.scripted import TIME, failing


def states(world: World, connections: Connections | None = None) -> ConnectionStates:
    return ConnectionStates(connections or world.connections, world.protection, load_builtin())


async def test_a_source_that_answered_is_online_with_its_time(world: World) -> None:
    """The state comes from what was learnt; no source is asked for the page."""
    await world.ask(TAX)
    asked = len(world.systems["tax"].requests)
    (tax,) = [s for s in await states(world).adapter_states() if s.adapter_id == "scripted-tax"]
    assert (tax.state, tax.as_of, tax.message) == (AdapterCondition.ONLINE, TIME, "")
    assert [g.business_name for g in tax.groups] == ["個人住民税", "個人住民税"]
    assert len(world.systems["tax"].requests) == asked


@pytest.mark.parametrize(
    ("error", "condition", "remedy"),
    [
        (Unavailable("down"), AdapterCondition.DOWN, "動いているか"),
        (AuthenticationFailed("key"), AdapterCondition.DOWN, "鍵"),
        (PlannedUnavailable("night", until=TIME), AdapterCondition.CLOSED, ""),
    ],
)
async def test_a_source_that_failed_says_what_to_do(
    world: World, error: AdapterError, condition: AdapterCondition, remedy: str
) -> None:
    """Staff read the state and the remedy, not the vendor's words."""
    world.systems["tax"].script = failing(error)
    await world.ask(NAME, TAX)
    (tax,) = [s for s in await states(world).adapter_states() if s.adapter_id == "scripted-tax"]
    assert tax.state is condition
    assert remedy in tax.remedy
    assert tax.opens_at == (TIME if condition is AdapterCondition.CLOSED else None)


async def test_a_suspect_source_stays_suspect_after_a_good_answer(world: World) -> None:
    """Somebody has to look at a source that mixed people up."""
    (tax,) = [c for c in world.connections.all() if c.adapter_id == "scripted-tax"]
    tax.alarm(Foreign.OTHER_NUMBER, capability=Capability.FETCH, trace_id="f" * 32)
    await world.ask(TAX)
    await tax.check(Deadline.after(1))
    (shown,) = [s for s in await states(world).adapter_states() if s.adapter_id == "scripted-tax"]
    assert shown.state is AdapterCondition.SUSPECT
    assert shown.alarms == 1


async def test_the_age_of_the_flags_stands_with_their_authority_only(world: World) -> None:
    """The copy was pulled just now; other sources hold no flags."""
    world.clock.advance(seconds=30)
    shown = {s.adapter_id: s for s in await states(world).adapter_states()}
    assert shown["scripted-resident"].flag_copy_age_s == 30
    assert shown["scripted-resident"].is_flag_authority
    assert shown["scripted-tax"].flag_copy_age_s is None
    assert not shown["scripted-tax"].is_flag_authority


async def test_a_refused_adapter_is_shown_with_its_reason(world: World) -> None:
    """Switched on and unusable is seen, not missing."""
    connections = Connections([], [RefusedAdapter("999997", "broken", "code", "設定が違います。")])
    (shown,) = await states(world, connections).adapter_states()
    assert (shown.state, shown.message) == (AdapterCondition.QUARANTINED, "設定が違います。")
