"""What ``hitotsu audit export --format fhir`` writes: one kind of resource, one on each line.

Source: FHIR Bulk Data Access 2.0, 2.4 (a file of NDJSON holds resources of one type).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from typing import Any

from gateway.audit.fhir import to_audit_event, to_consent, to_provenance
from gateway.cli.session import Session, read_dictionary
from gateway.consents import ConsentStore


class Resource(StrEnum):
    """Which resources are written."""

    AUDIT_EVENT = "AuditEvent"
    PROVENANCE = "Provenance"
    CONSENT = "Consent"


async def records_as(
    resource: Resource, lines: AsyncIterator[str], issuer: str
) -> AsyncIterator[str]:
    """Yield what each row of an export is as ``resource``, and nothing else of it."""
    make = to_audit_event if resource is Resource.AUDIT_EVENT else to_provenance
    async for line in lines:
        members = json.loads(line)
        if members["type"] != "row":
            continue
        if (made := make(json.loads(members["entry"]), issuer)) is not None:
            yield _line(made)


async def consents(
    session: Session, since: dt.datetime | None, until: dt.datetime | None
) -> AsyncIterator[str]:
    """Yield the consents that counted at some moment of a time."""
    dictionary, audit = read_dictionary(session.settings), session.audit_log()
    now = session.clock.now()
    async for row in ConsentStore(session.store).iter_kept(since, until):
        found = {reference: dictionary.find_item(reference) for reference in row.items}
        item_ids = {reference: item.item_id for reference, item in found.items() if item}
        key = audit.pseudonym(row.municipality, row.subject_id)
        yield _line(to_consent(row, key, item_ids, now))


def _line(resource: Mapping[str, Any]) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n"
