"""The online service in front of a gateway that answers from written-out data."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from joserfc.jwk import ECKey

from examples.online_service.app import create_app
from examples.online_service.config import Config, DemoControl, ReadyResident
from tests.acceptance import families
from tests.acceptance.fake_gateway import FakeGateway
from tests.acceptance.town_under_test import Town, demonstration
from tests.acceptance.visitor import Visitor


@pytest.fixture
def gateway() -> FakeGateway:
    """Return a gateway that knows an ordinary family and a protected one."""
    return FakeGateway({"handle-a": families.two_children(), "handle-b": families.protected()})


def _description(text: str) -> dict[str, str]:
    return {"ja": text, "easy": text, "en": text}


def _demo_control(gateway: FakeGateway) -> httpx.AsyncClient:
    """Return a client for the demonstration's buttons, which act on the fake gateway."""
    states = {"resident": "running", "tax": "running", "welfare": "running"}
    named = {"stop": "stopped", "start": "running", "night": "night", "day": "running"}
    reasons = {"stop": "unavailable", "night": "unavailable-planned"}

    def control(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer demo-token"
        if request.method == "POST":
            _, _, name, action = request.url.path.split("/")
            states[name] = named[action]
            for business in {"resident": ("001",), "tax": ("010",)}.get(name, ("022", "027")):
                gateway.down.pop(business, None)
                if action in reasons:
                    gateway.down[business] = reasons[action]
        return httpx.Response(200, json=states)

    return httpx.AsyncClient(transport=httpx.MockTransport(control))


def _config(folder: Path) -> Config:
    key_file = folder / "key.json"
    key_file.write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    return Config(
        gateway_url="http://gateway.test",
        client_id="online-service",
        municipality="999997",
        purpose="jidoteate-ninteiseikyu",
        key_file=key_file,
        records_file=folder / "records.db",
        town_day=dt.date(2026, 10, 1),
        residents=(
            ReadyResident("a", "handle-a", _description("子どもが二人いる家庭")),
            ReadyResident("b", "handle-b", _description("小学生の子と暮らす家庭")),
        ),
        demo=DemoControl("http://demo.test", "demo-token"),
    )


@pytest.fixture
async def visitor(gateway: FakeGateway, tmp_path: Path) -> AsyncIterator[Visitor]:
    """Return a visitor of the online service in front of ``gateway``."""
    async with gateway.client() as to_gateway, _demo_control(gateway) as to_demo:
        app = create_app(_config(tmp_path), gateway_http=to_gateway, demo_http=to_demo)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as http:
            yield Visitor(http)
        app.state.records.close()


@pytest.fixture
def service_url(gateway: FakeGateway, tmp_path: Path) -> Iterator[str]:
    """Serve the online service in front of ``gateway`` on a free port; yield its address."""
    app = create_app(
        _config(tmp_path), gateway_http=gateway.client(), demo_http=_demo_control(gateway)
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, access_log=False, server_header=False, log_level="critical")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Run the whole demonstration on free ports, and see that it stops cleanly."""
    with demonstration(tmp_path_factory.mktemp("demo")) as (process, town):
        yield town
        process.terminate()
        assert process.wait(30) == 0
