"""Adapters of a made-up town, one in every condition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from gateway.clock import TOKYO
from gateway.console import AdapterCondition, AdapterState, SuppliedGroup

RESIDENT = AdapterState(
    adapter_id="reference-resident",
    municipality="999997",
    system_name="住民記録システム",
    version="0.1.0",
    mapping_version="1.0.0",
    state=AdapterCondition.ONLINE,
    message="",
    checked_at=dt.datetime(2026, 10, 1, 9, 59, 50, tzinfo=TOKYO),
    as_of=dt.datetime(2026, 10, 1, 6, 0, tzinfo=TOKYO),
    groups=(
        SuppliedGroup("001.juminkihonjoho", "住民基本台帳", "住民基本情報"),
        SuppliedGroup("001.setaiinjoho", "住民基本台帳", "世帯員情報"),
    ),
    flag_copy_age_s=45.0,
    is_flag_authority=True,
    in_flight=3,
)
TAX = AdapterState(
    adapter_id="reference-tax",
    municipality="999997",
    system_name="税務システム",
    version="0.1.0",
    mapping_version="1.0.0",
    state=AdapterCondition.DOWN,
    message="接続を拒否されました（source-unavailable）。",
    checked_at=dt.datetime(2026, 10, 1, 9, 58, 0, tzinfo=TOKYO),
    as_of=None,
    groups=(SuppliedGroup("010.kazeikihonjoho", "個人住民税", "課税基本情報"),),
    remedy="税務システムの担当に連絡してください。",
)
WELFARE = AdapterState(
    adapter_id="reference-welfare",
    municipality="999997",
    system_name="福祉総合システム",
    version="0.1.0",
    mapping_version="1.0.0",
    state=AdapterCondition.CLOSED,
    message="",
    checked_at=dt.datetime(2019, 5, 1, 0, 0, 1, tzinfo=TOKYO),
    as_of=None,
    groups=(SuppliedGroup("027.jukyushikakujoho", "児童手当", "受給資格情報"),),
    opens_at=dt.datetime(2026, 10, 2, 6, 0, tzinfo=TOKYO),
)
BROKEN = AdapterState(
    adapter_id="town-library",
    municipality="999997",
    system_name="図書館 <b>システム</b>",
    version="0.0.1",
    mapping_version="",
    state=AdapterCondition.QUARANTINED,
    message="マニフェストの契約の版が合いません。",
    checked_at=None,
    as_of=None,
    groups=(),
    remedy="提供元に、契約 1.0 に対応した版を求めてください。",
)
UNASKED = AdapterState(
    adapter_id="care",
    municipality="999997",
    system_name="介護システム",
    version="2.0.0",
    mapping_version="3.1.0",
    state=AdapterCondition.UNKNOWN,
    message="",
    checked_at=None,
    as_of=None,
    groups=(),
    is_flag_authority=True,
)
SUSPECT = AdapterState(
    adapter_id="disability",
    municipality="999997",
    system_name="障害福祉システム",
    version="1.0.0",
    mapping_version="1.0.0",
    state=AdapterCondition.SUSPECT,
    message="",
    checked_at=dt.datetime(2026, 10, 1, 9, 0, 0, tzinfo=TOKYO),
    as_of=None,
    groups=(),
)
ALL = (RESIDENT, TAX, WELFARE, BROKEN, UNASKED, SUSPECT)


class KnownStates:
    """What the gateway knows of its adapters; a test may change it."""

    def __init__(self, *states: AdapterState) -> None:
        self.states: Sequence[AdapterState] = states

    async def adapter_states(self) -> Sequence[AdapterState]:
        """Return it."""
        return self.states
