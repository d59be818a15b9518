"""The vendors' reference: steps, encodings, cases and the certificate, read from the code.

Texts stand in ``vendor_reference.yaml``; what they describe, and every result, comes from the code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from adapters.conformance.cases import CASES
from adapters.conformance.certificates import VALID_FOR, Certificate
from adapters.conformance.description import Waiver
from adapters.conformance.texts import LANGUAGES, case_texts
from adapters.encodings.host import host_encoding, host_encodings
from adapters.encodings.pages import code_page, code_pages
from adapters.mapping.own_steps import LEAST_EXAMPLES, NO_STEPS
from adapters.mapping.step_rules import Form, Step
from adapters.mapping.steps import StepRefused, compile_steps
from gateway.settings import Settings
from standard_models.safe_yaml import safe_load

_SETTINGS: Final = ("certificates_dir", "required_adapter_level")
_OWN: Final = "own"
Row = Sequence[str]


def vendor_references(made: str) -> Iterator[tuple[str, str]]:
    """Yield file name and text in each language; ``made`` says that a command writes them.

    Raises:
        ValueError: a thing of the code has no text, or a text has no thing.
    """
    for language in LANGUAGES:
        yield f"reference.{language}.md", _Page(language).text(made)


@cache
def _texts() -> Mapping[str, Any]:
    text = files("gateway.cli").joinpath("vendor_reference.yaml").read_text("utf-8")
    return dict(safe_load(text))


class _Page:
    def __init__(self, language: str) -> None:
        self._language = language

    def text(self, made: str) -> str:
        """Return the whole page."""
        parts = [
            _texts()["head"][self._language],
            made,
            *self._section("steps", self._steps()),
            self._said("own", least=LEAST_EXAMPLES),
            *self._section("hosts", self._hosts()),
            *self._section("pages", self._pages()),
            *self._section("cases", self._layers(), "layers"),
            self._table("cases", self._cases()),
            *self._section("certificate", self._fields(Certificate, "certificate"), "fields"),
            *self._section("levels", self._levels()),
            self._said("expiry", days=VALID_FOR.days),
            self._table("expiry", self._expiry()),
            *self._section("waivers", self._fields(Waiver, "waiver"), "fields"),
            *self._section("gateway", self._settings(), "settings"),
        ]
        return "\n\n".join(parts) + "\n"

    def _section(self, name: str, rows: Iterable[Row], headings: str = "") -> list[str]:
        return [self._said(name), self._table(headings or name, rows)]

    def _said(self, name: str, **values: object) -> str:
        text = str(_texts()["sections"][name][self._language])
        return text.format(**values) if values else text

    def _table(self, headings: str, rows: Iterable[Row]) -> str:
        heads = _texts()["headings"][headings][self._language]
        lines = [_row(heads), "|" + "---|" * len(heads), *map(_row, rows)]
        return "\n".join(lines)

    def _word(self, name: str) -> str:
        return str(_texts()["words"][name][self._language])

    def _list(self, parts: Iterable[str]) -> str:
        return ("、" if self._language == "ja" else ", ").join(parts)

    def _aside(self, text: str) -> str:
        return f"（{text}）" if self._language == "ja" else f" ({text})"

    def _steps(self) -> Iterator[Row]:
        kinds = {name: field for name, field in Step.model_fields.items() if name != _OWN}
        for name, text in _paired(kinds, "steps"):
            what, keys = text[self._language], self._keys(kinds[name])
            for rule, content in text["examples"]:
                example = f"`{{{name}: {_flow(rule)}}}`"
                yield (
                    f"`{name}`",
                    what,
                    keys,
                    example,
                    f"`{content}`",
                    self._run(name, rule, content),
                )
                what = keys = ""

    def _keys(self, field: FieldInfo) -> str:
        model = _model_of(field)
        if model is None:
            return self._list(f"`{form.value}`" for form in Form)
        keys = model.model_fields.items()
        return self._list(f"`{key}`{self._aside(self._need(inner))}" for key, inner in keys)

    def _need(self, field: FieldInfo) -> str:
        if field.is_required():
            return self._word("required")
        return f"{self._word('default')} `{json.dumps(field.default)}`"

    def _run(self, name: str, rule: Any, content: str) -> str:
        run = compile_steps([Step.model_validate({name: rule})], NO_STEPS)
        try:
            result = run(content)
        except StepRefused as refused:
            return self._word("refused") + self._aside(f"`{refused.rule}`")
        return self._word("blank") if result is None else f"`{result}`"

    def _hosts(self) -> Iterator[Row]:
        found = _described("hosts.yaml", host_encodings())
        for name, text in found.items():
            encoding = host_encoding(name)
            yield (
                f"`{name}`",
                text["single"],
                text["double"],
                self._list(f"`{code}`" for code in text["to_double"]),
                self._list(f"`{code}`" for code in text["to_single"]),
                self._span(text.get("user_defined")),
                _bytes(encoding.encode_field("A1")),
                _bytes(encoding.encode_field("年金", double=True)),
                text["source"],
                text["mark"],
            )

    def _pages(self) -> Iterator[Row]:
        for name, text in _described("pages.yaml", code_pages()).items():
            lengths = text["lengths"].items()
            first = self._list(f"{span}{self._aside(n)}" for n, spans in lengths for span in spans)
            local = [
                f"`{area['first']}{area['columns'][0].partition('-')[0]}`–"
                f"`{area['last']}{area['columns'][-1].rpartition('-')[2]}`"
                for area in text.get("user_defined", ())
            ]
            choice = self._word("choose" if text["symbols"] == "either" else "fixed")
            example = _bytes(code_page(name).encode_field("年金"))
            yield (
                f"`{name}`", first, self._list(local) or self._word("none"), choice, example,
                text["source"],
            )  # fmt: skip

    def _span(self, codes: Sequence[str] | None) -> str:
        return "–".join(f"`{code}`" for code in codes) if codes else self._word("none")

    def _layers(self) -> Iterator[Row]:
        layers = {case.layer.value: case.layer for case in CASES}
        for name, text in _paired(dict(sorted(layers.items())), "layers"):
            cases = [case for case in CASES if case.layer.value == name]
            waived = self._word("may" if cases[0].may_be_waived else "never")
            yield name, text[self._language], str(len(cases)), waived

    def _cases(self) -> Iterator[Row]:
        texts = case_texts()
        for case in CASES:
            link = f"[{case.id}](../conformance/{case.id}.md)"
            yield link, case.layer.value, str(case.level), texts[case.id].title[self._language]

    def _fields(self, model: type[BaseModel], part: str) -> Iterator[Row]:
        for name, text in _paired(model.model_fields, part):
            yield f"`{name}`", text[self._language]

    def _levels(self) -> Iterator[Row]:
        levels = {level: level for level in sorted({case.level for case in CASES})}
        for level, text in _paired(levels, "levels"):
            count = sum(case.level == level for case in CASES)
            yield str(level), text[self._language], str(count)

    def _expiry(self) -> Iterator[Row]:
        for rule in _texts()["expiry"]:
            yield f"`{rule['text']}`", rule[self._language]

    def _settings(self) -> Iterator[Row]:
        place = LANGUAGES.index(self._language)
        for name in _SETTINGS:
            halves = (Settings.model_fields[name].description or "").split(" / ")
            yield f"`HITOTSU_{name.upper()}`", halves[place]


def _paired(things: Mapping[Any, object], part: str) -> Iterator[tuple[Any, Any]]:
    """Yield each thing of the code with its text, in the order of the code."""
    texts = _texts()[part]
    if texts.keys() != things.keys():
        odd = ", ".join(map(str, texts.keys() ^ things.keys()))
        msg = f"vendor_reference.yaml, {part}: not both in the texts and in the code: {odd}"
        raise ValueError(msg)
    return ((name, texts[name]) for name in things)


def _described(file: str, names: Sequence[str]) -> Mapping[str, Any]:
    text = files("adapters.encodings").joinpath(file).read_text("utf-8")
    # Codes such as 28 and 0E stay texts.
    found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - texts only
    return {name: found[name] for name in names}


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    for kind in get_args(field.annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _flow(rule: Any) -> str:
    text = yaml.safe_dump(rule, default_flow_style=True, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _bytes(raw: bytes) -> str:
    return f"`{raw.hex(' ').upper()}`"


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
