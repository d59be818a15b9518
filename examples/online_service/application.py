"""An application as it is stored: every line with its content and where that comes from."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from markupsafe import Markup

from examples.online_service.display import show_moment
from examples.online_service.entries import Draft, entry_text, remark_name
from examples.online_service.form import Entry, Field, Form, Section
from examples.online_service.wording import Wording


def application(form: Form, draft: Draft, wording: Wording) -> list[dict[str, Any]]:
    """Return the lines of the application in the order of the form.

    ``origin`` is register, typed or absent. Lines from a register name the standard items and
    the system with its as-of time, so that staff can see what was not typed by the person.
    """
    lines: list[dict[str, Any]] = []
    for section in form.sections:
        lines.extend(_section_lines(section, draft, wording))
    return lines


def _section_lines(section: Section, draft: Draft, wording: Wording) -> list[dict[str, Any]]:
    lines = [_field_line(section.key, f, draft, wording) for f in section.fields]
    for person in section.persons:
        own = [_field_line(section.key, f, draft, wording) for f in person.fields]
        lines.extend({**line, "person": plain_text(person.title)} for line in own)
        typed = [_typed(section.key, e.plain_label, e, draft) for e in person.entries]
        lines.extend({**line, "person": plain_text(person.title)} for line in typed if line)
    own_entries = tuple(f.entry for f in section.all_fields() if f.entry is not None)
    for entry in (*own_entries, *section.entries):
        line = _typed(section.key, entry.plain_label, entry, draft)
        if line and (entry.when is None or draft.get(entry.when[0]) == entry.when[1]):
            lines.append(line)
    return lines


def _field_line(section: str, field: Field, draft: Draft, wording: Wording) -> dict[str, Any]:
    line: dict[str, Any] = {
        "section": section,
        "label": field.plain_label,
        "text": plain_text(field.text) if field.help is None else plain_text(field.help.happened),
        "origin": "register" if field.settled else "absent",
        "items": list(field.refs),
    }
    if field.settled:
        line["source"] = plain_text(source_html(field, wording))
    remark = draft.get(remark_name(field))
    if remark:
        line["remark"] = remark
    return line


def _typed(section: str, label: str, entry: Entry, draft: Draft) -> dict[str, Any] | None:
    text = draft.get(entry.name)
    if not text:
        return None
    return {
        "section": section,
        "label": label,
        "text": entry_text(entry, text),
        "origin": "typed",
        "items": [],
    }


def source_html(field: Field, wording: Wording) -> Markup:
    """Return the source of a field in words: the system and its as-of time.

    Without a source, the system knows no number of this person and had nothing to be asked.
    """
    source = field.source
    if source is None:
        return wording("source_unregistered", system=wording(f"system_{field.system}"))
    key = "source" if source.as_of else "source_read"
    moment = show_moment(source.as_of or source.retrieved_at, wording.language)
    system = Markup('<span lang="ja">{}</span>' if wording.lang == "en" else "{}")
    return wording(key, system=system.format(source.system_name), as_of=moment)


def plain_text(text: Markup) -> str:
    """Return the text without markup and without the readings of やさしい日本語."""
    parts = str(text).split("<rp>(</rp>")
    without = parts[0] + "".join(p.partition("<rp>)</rp>")[2] for p in parts[1:])
    return unescape(re.sub(r"<[^>]*>", "", without))
