"""API4 on this face: a system that asks without measure waits; the specification's own words."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.access.quotas import Rates
from gateway.audit.refusals import ROWS
from gateway.linkage.number_calls import HISTORY, LOOK_UP, REGISTER, SCOPES
from gateway.settings import MOST_PER_MINUTE
from gateway.store.tables import AuditRow
from tests.gateway.linkage.conftest import RESIDENT, TOWN, Face, registration

CREATE, READ, VERSIONS = SCOPES[REGISTER], SCOPES[LOOK_UP], SCOPES[HISTORY]
FACTS = {"shimei": "見本　太郎", "seinengappi": "1964-07-01"}


def who(number: str) -> dict[str, str]:
    return {"shikuchosonkodo": TOWN, "atenabango": number}


@pytest.fixture(autouse=True)
def _standing_time(face: Face) -> None:
    """Let the quotas count in a time that stands still."""
    face.world.quotas.now_ns = lambda: 10**15


@pytest.mark.parametrize(
    ("scope", "body"),
    [
        (RESIDENT, who("R1")),
        (CREATE, registration()),
        (READ, who("9000000001")),
        (READ, FACTS),
        (VERSIONS, who("9000000001")),
    ],
    ids=["group", "numbering", "number", "facts", "history"],
)
async def test_every_call_of_a_system_counts(face: Face, scope: str, body: Any) -> None:
    """503 with the time to wait, since the specification has no 429; other systems are served."""
    await face.token(scope)
    face.world.quotas.rates = Rates(2, MOST_PER_MINUTE)
    assert [(await face.call(scope, body)).status_code for _ in range(2)] != [503, 503]
    answer = await face.call(scope, body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.json()["detail"] == "想定外のエラーが発生しました。"
    assert (await face.call(RESIDENT, who("R1"))).status_code == 503
    other = await face.call(scope, body, system=face.other)
    assert "retry-after" not in other.headers


@pytest.mark.parametrize(
    ("scope", "number"),
    [(RESIDENT, "R1"), (RESIDENT, "R2"), (RESIDENT, "R9"), (READ, "9000000001"),
     (VERSIONS, "9000000001")],
    ids=["ordinary", "protected", "nobody", "number", "history"],
)  # fmt: skip
async def test_one_person_again_and_again(face: Face, scope: str, number: str) -> None:
    """By the number as it was sent, whoever it is of; the refusals are counted, none is lost."""
    face.world.quotas.rates = Rates(MOST_PER_MINUTE, 3)
    for _ in range(3):
        assert (await face.call(scope, who(number))).status_code in {200, 400}
    asked = len(face.world.systems["resident"].requests)
    sent = ROWS + 20
    for _ in range(sent):
        answer = await face.call(scope, who(number))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "20")
    assert len(face.world.systems["resident"].requests) == asked
    assert (await face.call(RESIDENT, who("R3"))).status_code == 200
    await face.world.questions._rooms.audit.store_refusals()
    async with face.world.store.session() as session:
        rows = select(func.count(), func.sum(AuditRow.occurrences)).where(
            AuditRow.function == "quota", AuditRow.client_id == face.system.client_id
        )
        assert tuple((await session.execute(rows)).one()) == (ROWS + 1, sent)


async def test_tokens_and_what_is_asked_about_them_count(face: Face) -> None:
    """By the system alone, and apart from the calls that tokens are for."""
    face.world.quotas.rates = Rates(3, MOST_PER_MINUTE)
    token = await face.token(RESIDENT)
    assert (await face.introspect(token)).status_code == 200
    assert (await face.ask_token("no scope of ours")).status_code == 400
    for refused in (await face.ask_token(READ), await face.introspect(token)):
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "20")
        assert refused.json() == {"error": "temporarily_unavailable"}
    assert (await face.ask_token(READ, face.other)).status_code == 200
    assert (await face.call(RESIDENT, who("R1"))).status_code == 200


async def test_forged_tokens_fill_no_disk(face: Face) -> None:
    """AU-1: as many refusals as calls, in few rows."""
    sent = ROWS + 50
    for _ in range(sent):
        assert (await face.call(RESIDENT, who("R1"), token="forged")).status_code == 401
    await face.world.questions._rooms.audit.store_refusals()
    async with face.world.store.session() as session:
        rows = select(func.count(), func.sum(AuditRow.occurrences)).where(
            AuditRow.function == "linkage-token", AuditRow.outcome == "refused"
        )
        assert tuple((await session.execute(rows)).one()) == (ROWS + 1, sent)
