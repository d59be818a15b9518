"""From one item of the answer to one field of the form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup, escape

from examples.online_service.answers import Answer, Item, PartAnswer
from examples.online_service.display import show_date, show_moment
from examples.online_service.form import LATER, Entry, Field, Help, system_of
from examples.online_service.wording import GATEWAY_KEY, Wording, with_ruby

Show = Callable[[Item], str]


class FieldMaker:
    """Makes fields in one language from one answer."""

    def __init__(self, answer: Answer, wording: Wording) -> None:
        self.answer = answer
        self.w = wording

    def field(
        self,
        key: str,
        ref: str,
        *,
        show: Show | None = None,
        none: str = "none_field",
        record: Mapping[str, Item] | None = None,
        label: tuple[Markup, str] | None = None,
    ) -> Field | None:
        """Return the field of one item, or None if the item cannot exist for this person.

        ``record`` picks a record of a group that has several; ``none`` is the text for a register
        that has nothing there.
        """
        group, _, name = ref.rpartition(".")
        part = self.answer.part(group)
        item = record[name] if record is not None else part.item(name)
        if item.reason == "not-applicable":
            return None
        base = self._empty(key, part, (ref,), label)
        if item.known:
            shown = escape(show(item) if show else item.text)
            return replace(base, state="filled", text=shown, notes=self._notes(item))
        return self._absent(base, part, item, none)

    def joined(self, key: str, group: str, names: Sequence[str]) -> Field:
        """Return one field for an address of several items.

        Any item withheld or unreachable speaks for the whole; parts that the register leaves
        empty are left out.
        """
        part = self.answer.part(group)
        items = {name: part.item(name) for name in names}
        base = self._empty(key, part, tuple(f"{group}.{name}" for name in names), None)
        telling = [i for i in items.values() if i.reason not in {None, *_BLANK}]
        if telling:
            first = min(telling, key=lambda i: i.reason != "ask-office")
            return self._absent(base, part, first, "none_field")
        known = [i for i in items.values() if i.known]
        if not known:
            return self._absent(base, part, Item(reason="not-recorded"), "none_field")
        notes = tuple(dict.fromkeys(n for i in known for n in self._notes(i)))
        return replace(base, state="filled", text=escape(_address(items)), notes=notes)

    def date(self, *, western: bool) -> Show:
        """Return a function that writes an exact day."""
        language = self.w.language
        return lambda item: show_date(dt.date.fromisoformat(item.value), language, western=western)

    def stated(self, key: str, group: str, state: str, text: Markup) -> Field:
        """Return a field about a whole group, such as that there is no record."""
        base = self._empty(key, self.answer.part(group), (), None)
        return replace(base, state=state, text=text)

    def group_absence(self, key: str, group: str, none: str) -> Field:
        """Return the one field that says why a group has no record."""
        part = self.answer.part(group)
        refs = tuple(f"{group}.{name}" for name in part.absences)
        item = next(iter(part.absences.values()), Item(reason="not-recorded"))
        return self._absent(self._empty(key, part, refs, None), part, item, none)

    def lost(self, group: str) -> tuple[Markup, ...]:
        """Return the note that records of a group could not be read, if so."""
        count = self.answer.part(group).lost_records
        return (self.w("lost_records", n=count),) if count else ()

    def _empty(
        self, key: str, part: PartAnswer, refs: tuple[str, ...], label: tuple[Markup, str] | None
    ) -> Field:
        text, plain = label if label is not None else (self.w(key), self.w.plain(key))
        return Field(
            key, text, plain, "missing", Markup(), system_of(part.group), refs, part.source
        )

    def _absent(self, base: Field, part: PartAnswer, item: Item, none: str) -> Field:
        reason = item.reason or ""
        if reason == "ask-office":
            return replace(base, state="office", text=self.w("ask_office"), source=None)
        if reason == "recorded-unknown" and item.uncertain:
            text = escape(item.uncertain["text"])
            return replace(base, state="unknown", text=text, notes=(self.w("date_unclear"),))
        if reason == "not-recorded" and part.known:
            return replace(base, state="none", text=self.w(none))
        state = "later" if reason in LATER else "missing"
        return replace(base, state=state, source=None, help=self._help(reason, part, item))

    def _help(self, reason: str, part: PartAnswer, item: Item) -> Help:
        office = self.w(f"office_{system_of(part.group)}")
        texts = self._texts(reason)
        if texts is None:
            return Help(self.w("help_unknown"), None, office)
        happened = with_ruby(texts["happened"])
        if part.opens_at:
            time = show_moment(part.opens_at, self.w.language)
            happened += " " + self.w("reopens", time=time)
        for code in item.codes:
            extra = self._texts(code)
            if extra is not None:
                happened += " " + with_ruby(extra["happened"])
        return Help(happened, with_ruby(texts["can_do"]), office)

    def _notes(self, item: Item) -> tuple[Markup, ...]:
        texts = (self._texts(code) for code in item.codes)
        return tuple(with_ruby(t["happened"]) for t in texts if t is not None)

    def _texts(self, code: str) -> Mapping[str, Any] | None:
        by_language = self.answer.explanations.get(code, {})
        return by_language.get(GATEWAY_KEY[self.w.language]) or by_language.get("ja")


_BLANK = frozenset({"not-recorded", "not-applicable"})


def _address(items: Mapping[str, Item]) -> str:
    texts = {name: str(item.value) for name, item in items.items() if item.known}
    postal = texts.pop("jusho_yubinbango", "")
    building = texts.pop("jusho_katagaki", "")
    lines = "".join(texts.values())
    head = f"〒{postal[:3]}-{postal[3:]}　" if postal else ""
    return f"{head}{lines}" + (f"　{building}" if building else "")


def with_entry(field: Field | None, wording: Wording, *, rule: str = "") -> Field | None:
    """Return the field with room to write it oneself, where the register could not answer.

    Never where the office has to be asked: the page must look the same for every such cause.
    """
    if field is None or field.state not in {"later", "missing"}:
        return field
    entry = Entry(
        f"self-{field.key}",
        wording("entry_self"),
        f"{field.plain_label}（{wording.plain('entry_self')}）",
        rule=rule,
    )
    return replace(field, entry=entry)
