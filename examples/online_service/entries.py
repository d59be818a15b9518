"""What the person writes: reading it, checking it, and saying which field is wrong and why."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from examples.online_service.form import Entry, Field, Form
from examples.online_service.wording import Wording
from standard_models.values.bank_kana import to_bank_kana
from standard_models.values.dates import parse_written
from standard_models.values.text import fold_width

Draft = Mapping[str, str]

REMARK_PREFIX: Final = "wrong-"
REMARK_MAXIMUM: Final = 200
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class EntryError:
    """One wrong entry: where it is and what to do."""

    name: str
    text: Markup


def draft_from(form: Mapping[str, object], known: frozenset[str]) -> dict[str, str]:
    """Return what was typed in the known entries and remarks, blanks trimmed at both ends."""
    draft: dict[str, str] = {}
    for name, value in form.items():
        allowed = name in known or name.startswith(REMARK_PREFIX)
        if allowed and isinstance(value, str) and value.strip():
            draft[name] = value.strip()[:_LONGEST]
    return draft


def read_date(text: str) -> dt.date | None:
    """Return the day written as ``令和2年4月1日``, ``R2.4.1``, ``2020-04-01``; None otherwise."""
    reading = parse_written(text)
    return reading.day if not reading.quality else None


def _phone(text: str) -> bool:
    digits = re.sub(r"[-‐ー ().]", "", fold_width(text))
    return re.fullmatch(r"0[0-9]{9,10}", digits) is not None


def _account(text: str) -> bool:
    return re.fullmatch(r"[0-9]{7}", fold_width(text)) is not None


def _kana(text: str) -> bool:
    return to_bank_kana(text).text is not None


_RULES: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "phone": (_phone, "error_phone"),
    "account": (_account, "error_number"),
    "kana": (_kana, "error_kana"),
    "date": (lambda text: read_date(text) is not None, "error_date"),
}


def check(form: Form, draft: Draft, wording: Wording) -> tuple[EntryError, ...]:
    """Return what is wrong in the draft, in the order of the page; nothing if it can be sent."""
    errors = [e for entry in form.entries() if (e := _check_entry(entry, draft, wording))]
    errors.extend(_half_written_children(draft, form, wording))
    errors.extend(_long_remarks(draft, form, wording))
    nobody = _nobody(form, draft, wording)
    if nobody is not None:
        errors.append(nobody)
    if draft.get("declare") != "yes":
        label = wording.plain("declare_label")
        errors.append(EntryError("declare", wording("error_declare", label=label)))
    order = {e.name: n for n, e in enumerate(form.entries())}
    return tuple(sorted(errors, key=lambda e: order.get(e.name, len(order))))


def _check_entry(entry: Entry, draft: Draft, wording: Wording) -> EntryError | None:
    text, label = draft.get(entry.name, ""), entry.plain_label
    if entry.when is not None and draft.get(entry.when[0]) != entry.when[1]:
        return None
    key = _wrong(entry, text)
    if key is None:
        return None
    return EntryError(entry.name, wording(key, label=label, max=entry.maximum))


def _wrong(entry: Entry, text: str) -> str | None:
    """Return the key of the text that says what is wrong, or None."""
    if not text:
        if not (entry.required or entry.when is not None):
            return None
        return "error_choose" if entry.kind == "radio" else "error_required"
    if entry.options and text not in {o.value for o in entry.options}:
        return "error_choose"
    if len(text) > entry.maximum:
        return "error_long"
    if entry.rule and not _RULES[entry.rule][0](text):
        return _RULES[entry.rule][1]
    return None


def _half_written_children(draft: Draft, form: Form, wording: Wording) -> list[EntryError]:
    entries = {e.name: e for e in form.entries()}
    errors = []
    for number in (1, 2):
        names = (f"other-{number}-name", f"other-{number}-birth")
        written = [name for name in names if draft.get(name)]
        if len(written) == 1:
            other = names[1] if written[0] == names[0] else names[0]
            text = wording("error_pair", label=entries[other].plain_label)
            errors.append(EntryError(other, text))
    return errors


def _long_remarks(draft: Draft, form: Form, wording: Wording) -> list[EntryError]:
    return [
        EntryError(
            remark_name(field),
            wording("error_long", label=wording.plain("wrong_label"), max=REMARK_MAXIMUM),
        )
        for field in form.fields()
        if len(draft.get(remark_name(field), "")) > REMARK_MAXIMUM
    ]


def _nobody(form: Form, draft: Draft, wording: Wording) -> EntryError | None:
    """Refuse an application for no child at all, once every child has been answered for."""
    section = next(s for s in form.sections if s.key == "children")
    if any(f.key.endswith("-custody") for f in section.all_fields()):
        return None
    asked = [e.name for e in section.all_entries() if e.kind == "radio" and e.required]
    answers = [draft.get(name, "") for name in asked]
    if any(a != "no" for a in answers) or draft.get("other-1-name") or draft.get("other-2-name"):
        return None
    target = asked[0] if asked else "other-1-name"
    return EntryError(target, wording("error_nobody", label=wording.plain("section_children")))


def remark_name(field: Field) -> str:
    """Return the name of the entry in which a person says that a field is wrong."""
    return f"{REMARK_PREFIX}{field.key}"


def entry_text(entry: Entry, value: str) -> str:
    """Return what was entered, in the words of the page for a choice."""
    for option in entry.options:
        if option.value == value:
            return option.plain_label
    return value
