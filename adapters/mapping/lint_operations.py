"""What is wrong in the sections of a mapping that are not about one person's records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from adapters.mapping.document import Document, Finding, Path
from adapters.mapping.model import ExtractRule, FactRule, Read
from adapters.mapping.outgoing import OWN

PAGE_SLOTS: Final = frozenset({"after", "limit"})
DAY_SLOT: Final = "day"
_SLOT: Final = re.compile(r"\{([a-z_]+)\}")
_BIND: Final = re.compile(r"(?<![:\w]):([a-z_]+)\b")


def operation_findings(document: Document) -> Iterator[Finding]:
    """Yield every finding about search, changes, extract, submit and their reads."""
    mapping = document.mapping
    find = document.finding
    for path, read, slots in _reads(document):
        if read is None:
            yield find((*path, "read"), "unknown-read", "reads does not define this read")
            continue
        for slot in sorted(slots_of(read) - slots):
            yield find(path, "unknown-slot", f"nothing fills {slot}; there are {_named(slots)}")
        for slot in sorted((slots & {*PAGE_SLOTS, DAY_SLOT}) - slots_of(read)):
            section = "history" if slot == DAY_SLOT else "pages"
            yield find(path, "unused-slot", f"{section} needs {{{slot}}} in the read")
    for ref, rule in mapping.extract.items():
        yield from _pages(document, ref, rule)
    for path, facts in _facts(document):
        yield from _tables(document, path, facts)
    groups = [(("extract", ref), ref) for ref in mapping.extract]
    groups += [(("history", ref), ref) for ref in mapping.history]
    groups += [(("search", "group"), mapping.search.group)] if mapping.search else []
    if mapping.changes:
        groups += [(("changes", "groups"), ref) for ref in mapping.changes.groups]
    for place, ref in groups:
        if ref not in mapping.groups:
            yield find(place, "unknown-group", f"groups does not map {ref}")


def _pages(document: Document, ref: str, rule: ExtractRule) -> Iterator[Finding]:
    read = document.mapping.reads.get(rule.read)
    if read is None:
        return
    if read.file is None and rule.pages is None:
        message = "an extract needs pages, unless it reads files"
        yield document.finding(("extract", ref), "no-pages", message)
    if read.file is not None and (rule.pages or rule.people is not None):
        message = "files are read in the order of their records; leave out pages and people"
        yield document.finding(("extract", ref), "needless-pages", message)


def slots_of(read: Read) -> frozenset[str]:
    """Return the slots that a read has, settings apart."""
    if read.sql is not None:
        return frozenset(_BIND.findall(read.sql.statement))
    if read.rest is not None:
        return frozenset(_template_slots(read.rest.body))
    if read.soap is not None:
        return frozenset(_template_slots(read.soap.parameters))
    if read.linkage is not None:
        return frozenset(_template_slots(read.linkage.body))
    return frozenset()


def _template_slots(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield from _SLOT.findall(template)
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from _template_slots(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from _template_slots(value)


def _reads(document: Document) -> Iterator[tuple[Path, Read | None, frozenset[str]]]:
    """Yield each use of a read: its place, the read, and the slots that are filled there."""
    mapping = document.mapping
    reads = mapping.reads
    for ref, group in mapping.groups.items():
        if group.read in reads:
            yield ("groups", ref), reads[group.read], frozenset({"number"})
    if search := mapping.search:
        pages = PAGE_SLOTS if search.pages else frozenset()
        yield ("search",), reads.get(search.read), _fact_slots(search.facts) | pages
    if changes := mapping.changes:
        yield ("changes",), reads.get(changes.read), PAGE_SLOTS
    for ref, extract in mapping.extract.items():
        pages = PAGE_SLOTS if extract.pages else frozenset[str]()
        yield ("extract", ref), reads.get(extract.read), pages
        if extract.totals:
            yield ("extract", ref, "totals"), reads.get(extract.totals.read), frozenset()
    for ref, history in mapping.history.items():
        yield ("history", ref), reads.get(history.read), frozenset({"number", DAY_SLOT})
    for ref, submit in mapping.submit.items():
        yield ("submit", ref), submit.call, _fact_slots(submit.items) | {"number", "key"}


def _fact_slots(facts: Mapping[Any, FactRule]) -> frozenset[str]:
    own = (name + OWN for name, rule in facts.items() if rule.text is not None)
    return frozenset(facts).union(own)


def _facts(document: Document) -> Iterator[tuple[Path, Mapping[Any, FactRule]]]:
    mapping = document.mapping
    if mapping.search:
        yield ("search", "facts"), mapping.search.facts
    for ref, submit in mapping.submit.items():
        yield ("submit", ref, "items"), submit.items


def _tables(document: Document, path: Path, facts: Mapping[Any, FactRule]) -> Iterator[Finding]:
    for name, rule in facts.items():
        if rule.codes is not None and rule.codes not in document.mapping.code_tables:
            message = f"code_tables does not define {rule.codes}"
            yield document.finding((*path, name), "unknown-code-table", message)


def _named(slots: Iterable[str]) -> str:
    return ", ".join(sorted(slots)) or "none"
