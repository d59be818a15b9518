"""Health, readiness, figures and the log's allow-list."""

from __future__ import annotations

import asyncio
import io
import json

import httpx

from gateway.api.operation import ReadinessCheck
from gateway.logs import open_log
from gateway.metrics import Metrics
from tests.gateway.api.town import Town


async def yes() -> bool:
    """Pass."""
    return True


async def no() -> bool:
    """Fail."""
    return False


async def broken() -> bool:
    """Fail with a text that must not leave."""
    raise OSError("postgresql://secret@10.0.0.1/juki")


async def stuck() -> bool:
    """Never end."""
    await asyncio.Event().wait()
    return True


def client_of(town: Town) -> httpx.AsyncClient:
    """Return a client of the town."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(town.app()), base_url="http://gateway.test"
    )


async def test_health_says_only_that_the_process_answers() -> None:
    """Even while nothing else is in order."""
    async with client_of(
        Town(readiness=[ReadinessCheck("database", "データベース", "DB", no)])
    ) as c:
        response = await c.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


async def test_ready_names_every_check() -> None:
    """When all of them pass."""
    checks = [
        ReadinessCheck("database", "データベース", "Database", yes),
        ReadinessCheck("audit", "監査記録", "Audit writer", yes),
    ]
    async with client_of(Town(readiness=checks)) as c:
        response = await c.get("/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "checks": [
            {"name": "database", "label": "データベース", "label_en": "Database", "ok": True},
            {"name": "audit", "label": "監査記録", "label_en": "Audit writer", "ok": True},
        ],
    }


async def test_one_failed_check_makes_the_gateway_not_ready() -> None:
    """Failing, raising and not ending are the same; what was raised stays inside."""
    checks = [
        ReadinessCheck("database", "データベース", "Database", broken),
        ReadinessCheck("migrations", "移行", "Migrations", yes),
        ReadinessCheck("audit", "監査記録", "Audit writer", stuck, timeout_s=0.01),
        ReadinessCheck("adapters", "アダプター", "Adapters", no),
    ]
    async with client_of(Town(readiness=checks)) as c:
        response = await c.get("/ready")
    document = response.json()
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert document["detail"] == "満たさない項目: データベース、監査記録、アダプター"
    assert [(c["name"], c["ok"]) for c in document["checks"]] == [
        ("database", False),
        ("migrations", True),
        ("audit", False),
        ("adapters", False),
    ]
    assert "secret" not in response.text


async def test_figures_count_by_template_and_status(town: Town, client: httpx.AsyncClient) -> None:
    """Unknown addresses and methods share one label each, so nobody can make labels up."""
    await client.post("/v1/asked", json={"purpose": "x"})
    await client.get("/v1/catalogue/001.juminkihonjoho")
    await client.get("/one")
    await client.get("/two")
    await client.request("BREW", "/three")
    figures = (await client.get("/metrics")).text
    name = "hitotsu_http_requests_total"
    assert f'{name}{{method="POST",route="/v1/asked",status="200"}} 1.0' in figures
    assert f'{name}{{method="GET",route="/v1/catalogue/{{group}}",status="200"}} 1.0' in figures
    assert f'{name}{{method="GET",route="(unmatched)",status="404"}} 2.0' in figures
    assert f'{name}{{method="OTHER",route="(unmatched)",status="404"}} 1.0' in figures
    assert "hitotsu_http_requests_in_flight 1.0" in figures
    assert 'hitotsu_http_request_seconds_count{route="/v1/asked"} 1.0' in figures


def test_rooms_count_parts_alarms_and_batches() -> None:
    """By adapter and status."""
    metrics = Metrics()
    metrics.part_ended("reference-tax", "timeout")
    metrics.wrong_person("reference-tax", "other-number")
    metrics.audit_batch(5)
    figures = metrics.render().decode()
    assert 'hitotsu_parts_total{adapter="reference-tax",status="timeout"} 1.0' in figures
    assert (
        'hitotsu_wrong_person_alarms_total{adapter="reference-tax",kind="other-number"} 1.0'
        in figures
    )
    assert 'hitotsu_audit_batch_records_bucket{le="8.0"} 1.0' in figures
    assert 'hitotsu_audit_batch_records_bucket{le="4.0"} 0.0' in figures


def test_a_field_that_is_not_on_the_list_never_reaches_the_log() -> None:
    """Its name does, so that the mistake is seen."""
    written = io.StringIO()
    log = open_log("info", written)
    log.warning("flags-not-read", adapter="reference-resident", shimei="架空　花子", code="x" * 900)
    line = json.loads(written.getvalue())
    assert line["event"] == "flags-not-read"
    assert line["level"] == "warning"
    assert line["adapter"] == "reference-resident"
    assert line["dropped"] == ["shimei"]
    assert len(line["code"]) == 200
    assert "架空" not in written.getvalue()


def test_the_log_keeps_quiet_below_its_level() -> None:
    """At error, nothing of info."""
    written = io.StringIO()
    open_log("error", written).info("request", route="/health")
    assert written.getvalue() == ""
