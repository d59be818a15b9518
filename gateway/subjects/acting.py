"""What the audit record says of whoever acts in another's place. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.audit import AuditLog
from gateway.subjects.service import Subject


def may_end(subject: Subject, purpose_id: str, of_purpose: str) -> bool:
    """Tell whether what was made for ``of_purpose`` may be ended for ``purpose_id``.

    A person ends whatever is theirs; who acts for them, what they act in alone.
    """
    return subject.acting is None or purpose_id == of_purpose


def in_whose_place(
    audit: AuditLog, municipality: str, subject: Subject | None
) -> Mapping[str, str] | None:
    """Return by which representation, of what kind, and who acted under their pseudonym.

    None where the person acts alone, or a consumer without anybody.
    """
    if subject is None or subject.acting is None:
        return None
    acting = subject.acting
    return {
        "id": acting.representation_id,
        "kind": acting.kind,
        "representative_key": audit.pseudonym(municipality, acting.representative_id),
    }
