"""Is it alive, is it ready, what are its figures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Response

from gateway.api.bodies import json_response
from gateway.api.openapi import problem_responses
from gateway.metrics import Metrics
from gateway.problems import Problem

CHECK_TIMEOUT_S: Final = 2.0
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_HEALTH_EXAMPLE: Final = {"status": "alive"}
_READY_EXAMPLE: Final = {
    "status": "ready",
    "checks": [
        {"name": "database", "label": "データベース", "label_en": "Database", "ok": True},
        {
            "name": "adapters",
            "label": "使えるアダプター",
            "label_en": "Usable adapter",
            "ok": True,
        },
    ],
}


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One thing that must be in order before questions can be answered.

    ``passes`` returns whether it is; raising, or taking longer than ``timeout_s``, means no. It
    must be cheap: anybody in the network can have it run.
    """

    name: str
    label_ja: str
    label_en: str
    passes: Callable[[], Awaitable[bool]]
    timeout_s: float = CHECK_TIMEOUT_S

    async def run(self) -> bool:
        """Return whether the check passes within its time; never raises."""
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self.passes()
        except Exception:  # noqa: BLE001 - a check that cannot be made has failed
            return False


def operation_router(checks: Sequence[ReadinessCheck], metrics: Metrics) -> APIRouter:
    """Return the router of ``/health``, ``/ready`` and ``/metrics``."""
    router = APIRouter(tags=["operation"])

    @router.get(
        "/health",
        summary="動いているか / Alive?",
        description="プロセスが応答できるかだけを返す。外部には触れない / Touches nothing else.",
        responses={200: {"content": {"application/json": {"example": _HEALTH_EXAMPLE}}}},
    )
    async def health() -> Response:
        return json_response(_HEALTH_EXAMPLE)

    @router.get(
        "/ready",
        summary="照会を受け付けられるか / Ready?",
        description=(
            "確認項目ごとの結果。一つでも満たさなければ 503 / "
            "The result of each check; 503 when one fails."
        ),
        responses={
            200: {"content": {"application/json": {"example": _READY_EXAMPLE}}},
            **problem_responses("not-ready"),
        },
    )
    async def ready() -> Response:
        results = await asyncio.gather(*(check.run() for check in checks))
        states = [_state(check, ok) for check, ok in zip(checks, results, strict=True)]
        if not all(results):
            failed = [c for c, ok in zip(checks, results, strict=True) if not ok]
            raise Problem(
                "not-ready",
                "満たさない項目: " + "、".join(c.label_ja for c in failed),
                "Failed: " + ", ".join(c.label_en for c in failed),
                headers={"Retry-After": "5"},
                extensions={"checks": states},
            )
        return json_response({"status": "ready", "checks": states})

    @router.get(
        "/metrics",
        summary="稼働の数値 / Figures",
        description="Prometheus の書式 0.0.4。個人の情報は含まない / Nothing personal in it.",
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def figures() -> Response:
        return Response(metrics.render(), media_type=METRICS_TYPE)

    return router


def _state(check: ReadinessCheck, ok: bool) -> dict[str, Any]:  # noqa: FBT001
    return {"name": check.name, "label": check.label_ja, "label_en": check.label_en, "ok": ok}
