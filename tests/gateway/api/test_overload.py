"""Too much at a time is the caller's to repeat, not an error of ours."""

from __future__ import annotations

from pathlib import Path

import httpx
from sqlalchemy.exc import TimeoutError as PoolExhausted

from gateway.app import create_app
from gateway.settings import Settings


async def test_a_call_for_which_no_connection_to_the_database_is_left_is_turned_away(
    tmp_path: Path,
) -> None:
    """R21: 503 with the time to wait, not 500; nothing of the pool is told."""
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'hitotsu.db'}", keys_dir=tmp_path / "keys"
    )
    app = create_app(settings)

    async def crowded() -> None:
        raise PoolExhausted("QueuePool limit of size 10 overflow 10 reached")

    app.add_api_route("/v1/crowded", crowded)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as http:
        answer = await http.get("/v1/crowded")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"].endswith("/problems/overloaded")
    assert "QueuePool" not in answer.text
