"""What whoever acts in another's place may end, and what the audit record says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from gateway.audit import AuditLog
from gateway.subjects.service import Asker, Subject, SubjectService

_UNKNOWN: Final = ("*",)
"""Stands for items that nothing was noted of: no mandate for some items holds it."""


class Made(Protocol):
    """What somebody has made through a consumer: a consent, a submission, a statement."""

    @property
    def client_id(self) -> str:
        """The consumer."""

    @property
    def subject_id(self) -> str:
        """Whom it is of."""

    @property
    def purpose_id(self) -> str:
        """What it was made for."""

    @property
    def items(self) -> Sequence[str]:
        """References of the items that it holds; none where they were not noted."""


async def resolve_to_end(
    subjects: SubjectService, asker: Asker, handle: str, made: Made | None
) -> Subject | None:
    """Return the person behind ``handle`` if ``asker`` may end what was ``made``, None if not.

    A person ends whatever is theirs; who acts for them, what they act in alone: of the same
    purpose, and no other items than those of their mandate; what is of unknown items by a mandate
    for everything alone. ``made`` is None where there is none.

    Raises:
        Problem: as ``SubjectService.resolve``, also where it holds other items.
    """
    subject = await subjects.resolve(asker, handle)
    if made is None or (made.client_id, made.subject_id) != (asker.client_id, subject.subject_id):
        return None
    if subject.acting is None:
        return subject
    if made.purpose_id != asker.purpose_id:
        return None
    return await subjects.resolve(asker, handle, made.items or _UNKNOWN)


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
