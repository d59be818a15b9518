"""The report on paper, read back into what the resident's own view says."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from gateway.accesses.schemas import AccessDocument, AccessPurpose, AskedItem


@dataclass
class Paper:
    """A report as whoever reads the file by program sees it."""

    report_id: str = ""
    municipality: str = ""
    withheld: str | None = None
    accesses: list[AccessDocument] = field(default_factory=list)


@dataclass
class _Row:
    """Elements of one row: class, value, title, text."""

    found: list[tuple[str, str, str, str]] = field(default_factory=list)

    def one(self, name: str) -> tuple[str, str, str]:
        (said,) = [(value, title, text) for n, value, title, text in self.found if n == name]
        return said

    def document(self) -> AccessDocument:
        purpose, name_en, name_ja = self.one("purpose")
        return AccessDocument(
            record_id=self.one("record")[2],
            at=self.one("at")[0],
            client=self.one("client")[2],
            organ=self.one("organ")[2],
            purpose=AccessPurpose(
                id=purpose,
                name_ja=name_ja,
                name_en=name_en,
                legal_basis=self.one("legal_basis")[2],
            ),
            function=self.one("function")[0],
            outcome=self.one("outcome")[0],
            items=[
                AskedItem(ref=value, name=text, group=title)
                for name, value, title, text in self.found
                if name == "item"
            ],
            by_representative=any(name == "representative" for name, *_ in self.found),
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.paper = Paper()
        self._row: _Row | None = None
        self._body = False
        self._open: tuple[str, str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        value = said.get("value", said.get("datetime", ""))
        if tag == "tbody":
            self._body = True
        elif tag == "tr" and self._body:
            self._row = _Row()
        elif said.get("id") == "report":
            self.paper.report_id = value
        elif said.get("id") == "municipality":
            self.paper.municipality = value
        elif said.get("id") == "withheld":
            self.paper.withheld = value
        elif "class" in said and self._row is not None:
            self._open = (said["class"], value, said.get("title", ""))
            self._row.found.append((*self._open, ""))

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._row is not None:
            *same, text = self._row.found[-1]
            self._row.found[-1] = (same[0], same[1], same[2], text + data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"data", "span", "time"}:
            self._open = None
        elif tag == "tr" and self._row is not None:
            self.paper.accesses.append(self._row.document())
            self._row = None


def read_paper(html: str) -> Paper:
    """Return what a report says."""
    reader = _Reader()
    reader.feed(html)
    return reader.paper
