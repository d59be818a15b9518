"""The online service in front of a gateway that answers from written-out data."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey

from examples.online_service.app import create_app
from examples.online_service.config import Config, DemoControl, ReadyResident
from tests.acceptance import families
from tests.acceptance.fake_gateway import FakeGateway
from tests.acceptance.visitor import Visitor


@pytest.fixture
def gateway() -> FakeGateway:
    """Return a gateway that knows an ordinary family and a protected one."""
    return FakeGateway({"handle-a": families.two_children(), "handle-b": families.protected()})


def _description(text: str) -> dict[str, str]:
    return {"ja": text, "easy": text, "en": text}


@pytest.fixture
async def visitor(gateway: FakeGateway, tmp_path: Path) -> AsyncIterator[Visitor]:
    """Return a visitor of the online service in front of ``gateway``."""
    key_file = tmp_path / "key.json"
    key_file.write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    states = {"resident": "running", "tax": "running", "welfare": "running"}

    def control(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer demo-token"
        if request.method == "POST":
            _, _, name, action = request.url.path.split("/")
            states[name] = "stopped" if action == "stop" else "running"
            for business in {"resident": ("001",), "tax": ("010",)}.get(name, ("022", "027")):
                gateway.down.pop(business, None)
                if action == "stop":
                    gateway.down[business] = "unavailable"
        return httpx.Response(200, json=states)

    config = Config(
        gateway_url="http://gateway.test",
        client_id="online-service",
        municipality="999997",
        purpose="jidoteate-ninteiseikyu",
        key_file=key_file,
        records_file=tmp_path / "records.db",
        town_day=dt.date(2026, 10, 1),
        residents=(
            ReadyResident("a", "handle-a", _description("子どもが二人いる家庭")),
            ReadyResident("b", "handle-b", _description("小学生の子と暮らす家庭")),
        ),
        demo=DemoControl("http://demo.test", "demo-token"),
    )
    async with (
        gateway.client() as to_gateway,
        httpx.AsyncClient(transport=httpx.MockTransport(control)) as to_demo,
    ):
        app = create_app(config, gateway_http=to_gateway, demo_http=to_demo)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as http:
            yield Visitor(http)
        app.state.records.close()
