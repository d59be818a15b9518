"""The report for whoever asked to be shown their records (開示請求): on paper, and signed.

It says what the resident's own view says, by the same rules; see ``view``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, Final

import jinja2

from adapters.contract import Clock
from gateway.accesses.schemas import AccessDocument
from gateway.accesses.view import ASK_OFFICE, AccessView
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.audit.signed_files import SignedKind, SigningFile
from gateway.clock import TOKYO
from gateway.keys import HeadKey
from gateway.subjects import Subject

FUNCTION: Final = "disclosure-report"
FUNCTION_NOBODY: Final = "disclosure-search"
"""The function of the record that nobody had the number."""
FUNCTION_AT_COUNTER: Final = "disclosure-report-at-counter"

_FUNCTIONS: Final = {
    "question": "照会",
    "own-accesses": "本人の一覧の表示",
    "evidence": "証明",
    "receipt-verify": "受領票の確認",
    "consent": "同意の登録",
    "consent-withdraw": "同意の撤回",
    "submission": "申告の受付",
    "submission-withdraw": "申告の取下げ",
    "subject-match": "基本4情報による確認",
    "subject-match-number": "個人番号による確認",
    "delivery-report": "証明書交付の報告",
    "representations": "代理できる人の一覧",
}
_OUTCOMES: Final = {
    "complete": "回答した",
    "partial": "一部を回答した",
    "none": "回答できなかった",
    "refused": "断った",
    "shown": "示した",
    "withheld": "窓口を案内した",
}
"""In words what occurs every day; of anything else stands what the record has."""


@dataclass(frozen=True, slots=True)
class DisclosureReport:
    """What is handed over; ``accesses`` is None where the list is had at the counter alone.

    ``report_id`` is the id of the audit record that tells for whom it was made: the paper names
    nobody, so that a lost one tells nothing of anybody.
    """

    report_id: str
    municipality: str
    made_at: str
    accesses: Sequence[AccessDocument] | None


class DisclosureReports:
    """Makes reports."""

    def __init__(self, view: AccessView, audit: AuditLog, *, clock: Clock) -> None:
        self._view = view
        self._audit = audit
        self._clock = clock

    async def make(
        self,
        municipality: str,
        subject: Subject,
        *,
        at_counter: bool,
        actor: str,
        trace_id: str = "",
    ) -> DisclosureReport:
        """Return the report of a person, once the record of it is durable.

        ``actor`` is who makes it, for the record. ``at_counter``: the officer has seen that the
        person stands there; without it, whoever is or may be protected is asked to come.

        Raises:
            Problem: ``audit-unavailable``, and nothing leaves.
        """
        accesses = await self._view.whole(municipality, subject, at_counter=at_counter)
        now = self._clock.now()
        # A look by staff, which alerts count (AU-6); without a consumer it stands in no list.
        entry = AuditEntry(
            municipality=municipality,
            at=now,
            kind=AuditKind.OPERATION,
            outcome="withheld" if accesses is None else "shown",
            trace_id=trace_id,
            terminal=actor,
            subject_key=self._audit.pseudonym(municipality, subject.subject_id),
            function=FUNCTION_AT_COUNTER if at_counter else FUNCTION,
        )
        made_at = now.astimezone(TOKYO).isoformat(timespec="seconds")
        return DisclosureReport(await self._audit.append(entry), municipality, made_at, accesses)

    async def found_nobody(self, municipality: str, *, actor: str, trace_id: str) -> None:
        """Record that nobody has the number that was typed: who tries numbers must be seen.

        Raises:
            Problem: ``audit-unavailable``.
        """
        entry = AuditEntry(
            municipality=municipality,
            at=self._clock.now(),
            kind=AuditKind.OPERATION,
            outcome="refused",
            trace_id=trace_id,
            terminal=actor,
            problem="unknown-subject",
            function=FUNCTION_NOBODY,
        )
        await self._audit.append(entry)


def write_report(file: BinaryIO, report: DisclosureReport, key: HeadKey) -> None:
    """Write the report as HTML for A4, and the signature over all of it as its last line."""
    signing = SigningFile(file)
    template = _environment().get_template("disclosure.html")
    signing.put(template.render(report=report, ask_office=ASK_OFFICE))
    signing.sign(key, SignedKind.DISCLOSURE, len(report.accesses or ()))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gateway.accesses"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["time"] = _time
    environment.filters["function"] = lambda said: _FUNCTIONS.get(said, said)
    environment.filters["outcome"] = lambda said: _OUTCOMES.get(said, said)
    return environment


def _time(text: str) -> str:
    moment = dt.datetime.fromisoformat(text)
    return f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M:%S}"
