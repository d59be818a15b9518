"""Why a part is not there, as a problem document within the answer (RFC 9457). Rule PA-1."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from gateway.api.language import Language
from gateway.api.problems import ProblemRenderer
from gateway.clock import TOKYO
from gateway.problems import Problem
from gateway.questions.parts import PartStatus


@dataclass(frozen=True, slots=True)
class PartProblems:
    """Writes the problems of one answer, in the language of whoever asks."""

    renderer: ProblemRenderer
    language: Language
    trace_id: str

    def document(
        self, status: PartStatus, opens_at: dt.datetime | None = None
    ) -> dict[str, Any] | None:
        """Return the problem of a part with this status; None of one that is there."""
        if status is PartStatus.OK:
            return None
        problem = Problem(f"part-{status.value}", *_opening(opens_at))
        return self.renderer.document(problem, self.language, self.trace_id)


def _opening(opens_at: dt.datetime | None) -> tuple[str, str]:
    if opens_at is None:
        return "", ""
    at = f"{opens_at.astimezone(TOKYO):%Y-%m-%d %H:%M}"
    return f"{at} に開く予定です。", f"It is to open at {at} (Japan)."
