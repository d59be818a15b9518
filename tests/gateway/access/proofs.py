"""Calls with a token and a proof, as a client makes them."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.access import Access, AccessService
from gateway.access.dpop import token_digest
from gateway.problems import Problem
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import ISSUER, presented, proof

ASK = "/v1/questions"


def call_proof(clock: StoppedClock, token: str, **changes: Any) -> str:
    """Return a good proof for a question with ``token``, without a nonce; with ``changes``."""
    claims = {"htu": ISSUER + ASK, "ath": token_digest(token), **changes}
    return proof(clock.now().timestamp(), **claims)


async def verified(
    service: AccessService, clock: StoppedClock, token: str, **changes: Any
) -> Access:
    """Return who calls with ``token`` and a new proof with the nonce that is handed out."""
    made = call_proof(clock, token, **{"nonce": service.nonce(), **changes})
    return await service.verify_token(f"DPoP {token}", presented(made, path=ASK))


async def refused(
    service: AccessService, clock: StoppedClock, token: str, **changes: Any
) -> Problem:
    """Return why that call is refused."""
    with pytest.raises(Problem) as caught:
        await verified(service, clock, token, **changes)
    return caught.value
