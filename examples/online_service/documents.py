"""Which documents need not be attached any more, and which still do."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from examples.online_service.answers import Answer
from examples.online_service.form import (
    CERTIFICATE,
    ENTITLEMENT,
    HOUSEHOLD,
    TAX,
    Document,
    Field,
    Section,
    system_of,
)
from examples.online_service.wording import Wording

_FILING_REASON = {"0": "doc_why_unfiled", "3": "doc_why_elsewhere"}


def documents(
    answer: Answer, sections: Sequence[Section], wording: Wording, *, lives_apart: bool
) -> tuple[tuple[Document, ...], tuple[Document, ...]]:
    """Return the documents that need not be attached, and those that still must be.

    A document is dispensed with only if every item that it would prove was really answered. An
    item for which the office has to be asked makes no document necessary: the office says what
    to do, whatever the cause. ``lives_apart``: a child in the form lives elsewhere.
    """
    return _Documents(answer, sections, wording, lives_apart=lives_apart).sort()


class _Documents:
    def __init__(
        self, answer: Answer, sections: Sequence[Section], wording: Wording, *, lives_apart: bool
    ) -> None:
        self.lives_apart = lives_apart
        self.answer = answer
        self.fields = {f.key: f for s in sections for f in s.fields}
        self.w = wording
        self.not_needed: list[Document] = []
        self.needed: list[Document] = []

    def sort(self) -> tuple[tuple[Document, ...], tuple[Document, ...]]:
        self._residence()
        self._income()
        self._group("doc_jukyu", ENTITLEMENT, only_if_records=False)
        self._group("doc_techo", CERTIFICATE, only_if_records=True)
        if self.lives_apart:
            self._need("doc_bekkyo", self.w("doc_bekkyo_why"))
        self._need("doc_koza", self.w("doc_koza_why"))
        return tuple(self.not_needed), tuple(self.needed)

    def _residence(self) -> None:
        household = self.answer.part(HOUSEHOLD)
        proven = ("shimei", "birth", "address")
        fields = [self.fields[key] for key in proven if key in self.fields]
        open_fields = [f for f in fields if not f.settled and f.state != "office"]
        if household.status == "ok" and not household.lost_records and not open_fields:
            if all(f.settled for f in fields):
                self._dispense("doc_juminhyo", HOUSEHOLD)
            return
        later = household.status.startswith(("unavailable", "timeout")) or any(
            f.state == "later" for f in open_fields
        )
        self._need("doc_juminhyo", self._why(HOUSEHOLD, later=later))

    def _income(self) -> None:
        field: Field = self.fields["income_total"]
        if field.state == "filled":
            self._dispense("doc_shotoku", TAX)
            return
        part = self.answer.part(TAX)
        key = _FILING_REASON.get(str(part.item("shinkokukubun").value))
        why = self.w(key) if key else self._why(TAX, later=field.state == "later")
        self._need("doc_shotoku", why)

    def _group(self, document: str, group: str, *, only_if_records: bool) -> None:
        part = self.answer.part(group)
        if part.status == "ok" and not part.lost_records:
            self._dispense(document, group)
        elif part.known and not part.lost_records:
            if not only_if_records:
                self._dispense(document, group)
        elif not only_if_records:
            later = part.status.startswith(("unavailable", "timeout"))
            self._need(document, self._why(group, later=later))

    def _why(self, group: str, *, later: bool) -> Markup:
        if later:
            return self.w("doc_why_later", system=self.w(f"system_{system_of(group)}"))
        return self.w("doc_why_missing")

    def _dispense(self, document: str, group: str) -> None:
        system = self.w(f"system_{system_of(group)}")
        self.not_needed.append(
            Document(self.w(document), self.w("document_instead", system=system))
        )

    def _need(self, document: str, why: Markup) -> None:
        self.needed.append(Document(self.w(document), why))
