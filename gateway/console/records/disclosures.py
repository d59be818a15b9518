"""The report for a resident who asked to be shown their records, made by an officer."""

from __future__ import annotations

import io

from gateway.access import Caller
from gateway.accesses.reports import DisclosureReports, write_report
from gateway.console.staff import Member
from gateway.keys import KeyStore
from gateway.subjects import SubjectService


class Disclosures:
    """Makes signed reports for an officer who answers requests for disclosure."""

    def __init__(
        self, reports: DisclosureReports, subjects: SubjectService, keys: KeyStore
    ) -> None:
        self._reports = reports
        self._subjects = subjects
        self._keys = keys

    async def write(
        self, member: Member, person: tuple[str, str], caller: Caller, *, at_counter: bool
    ) -> tuple[str, bytes] | None:
        """Return number and file of the report of who has the number; None if nobody has it.

        That nobody was found is recorded as well.

        Raises:
            Problem: ``audit-unavailable``, and nothing leaves.
            KeysError: there is no key to sign with.
        """
        subject = await self._subjects.find_by_number(member.municipality, *person)
        actor = member.at(caller.terminal)
        if subject is None:
            await self._reports.found_nobody(
                member.municipality, actor=actor, trace_id=caller.trace_id
            )
            return None
        key = self._keys.keys().head_key
        report = await self._reports.make(
            member.municipality,
            subject,
            at_counter=at_counter,
            actor=actor,
            trace_id=caller.trace_id,
        )
        file = io.BytesIO()
        write_report(file, report, key)
        return report.report_id, file.getvalue()
