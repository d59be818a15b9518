"""What a citizen agreed to, and took back, as Consent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from gateway.audit.fhir.codes import OWN, coding, concept, known_as, patient, recipient
from gateway.store.tables import ConsentRow

_PRIVACY: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
    "code": "patient-privacy",
    "display": "Privacy Consent",
}
_DISCLOSURE: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "code": "IDSCL",
    "display": "information disclosure",
}


def to_consent(
    row: ConsentRow, pseudonym: str, item_ids: Mapping[str, str], now: dt.datetime
) -> dict[str, Any]:
    """Return the resource of a consent: active as long as it counts at ``now``.

    Args:
        row: the consent.
        pseudonym: of the person, as in the audit record.
        item_ids: official ids by the references that the consent names; a reference without one,
            of an edition that is no longer installed, stands by itself.
        now: the time of the export.
    """
    counts = row.withdrawn_at is None and row.given_at <= now < row.expires_at
    consent: dict[str, Any] = {
        "resourceType": "Consent",
        "id": row.consent_id,
        "identifier": [{"system": f"{OWN}:consent", "value": row.consent_id}],
        "status": "active" if counts else "inactive",
        "scope": concept(_PRIVACY),
        "category": [concept(_DISCLOSURE)],
        "patient": patient(row.municipality, pseudonym),
        "dateTime": _moment(row.given_at),
        "organization": [known_as("municipality", row.municipality)],
        "policy": [{"uri": f"{OWN}:consent-text:{quote(row.text, safe='')}"}],
        "provision": {
            "type": "permit",
            "period": {"start": _moment(row.given_at), "end": _moment(row.expires_at)},
            "actor": [{"role": recipient(), "reference": known_as("client", row.client_id)}],
            "purpose": [coding("purpose", row.purpose_id)],
            "code": [concept(_item(item, item_ids)) for item in sorted(row.items)],
        },
    }
    if row.withdrawn_at is not None:
        consent["extension"] = [
            {"url": f"{OWN}:withdrawn-at", "valueDateTime": _moment(row.withdrawn_at)}
        ]
    return consent


def _item(reference: str, item_ids: Mapping[str, str]) -> dict[str, str]:
    if reference in item_ids:
        return coding("item", item_ids[reference])
    return coding("item-reference", reference)


def _moment(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat(timespec="seconds")
