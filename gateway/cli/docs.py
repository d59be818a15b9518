"""``hitotsu docs``: the reference documents, written from the code that they describe.

Every document depends on the installed code alone: not on the settings of this machine, not on a
database, keys or the time. So the same code always gives the same bytes.
"""

from __future__ import annotations

import importlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from adapters.conformance.pages import case_pages
from gateway.api.lifecycle import version_of
from gateway.cli.session import err, fail, say
from gateway.cli.value_examples import value_examples
from gateway.cli.vendor_reference import vendor_references
from gateway.problems import PROBLEM_TYPES
from gateway.settings import Settings
from standard_models.answers import AbsenceReason
from standard_models.texts import PARTS, explain, explained_codes

PREFIX = "HITOTSU_"
_BOUNDS = {"ge": "{} 以上", "gt": "{} より大きい", "le": "{} 以下", "lt": "{} 未満"}
_MADE = "> `make docs` が作る文書です。手では直しません。 / Written by `make docs`; do not edit."


def docs(
    *,
    check: Annotated[
        bool,
        typer.Option("--check", help="書かずに、古い文書があれば知らせる / Only tell what is old."),
    ] = False,
    directory: Annotated[
        Path,
        typer.Option(file_okay=False, help="文書のフォルダー / Folder of the documents."),
    ] = Path("docs"),
) -> None:
    """文書の生成部分を作り直す / Write the generated documents anew."""
    documents = generated_documents()
    stale = stale_documents(directory, documents)
    if check and stale:
        for name in stale:
            err().print(str(directory / name), markup=False)
        fail(
            f"古い文書：{len(stale)} 件。make docs を実行してください。",
            f"documents that are not current: {len(stale)}; run `make docs`",
        )
    for name in stale:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(documents[name], "utf-8")
    say(
        f"文書 {len(documents)} 件、書き直したもの {len(stale)} 件。",
        f"{len(documents)} documents, {len(stale)} written anew.",
    )


def generated_documents() -> Mapping[str, str]:
    """Return the text of every generated document, by its file name."""
    description = _openapi()
    return {
        "problems.md": _problems(),
        "settings.md": _settings(),
        "cli.md": _commands(),
        "codes.md": _codes(),
        "values.md": value_examples(),
        "openapi.json": json.dumps(description, ensure_ascii=False, indent=2) + "\n",
        "versions.md": versions(description),
        **{f"vendors/{name}": text for name, text in vendor_references(_MADE)},
        **{f"conformance/{name}": f"{_MADE}\n\n{text}" for name, text in case_pages()},
    }


def stale_documents(directory: Path, documents: Mapping[str, str]) -> list[str]:
    """Return the names of the documents whose file is missing or has another content."""
    return [name for name, text in documents.items() if _content(directory / name) != text]


def _content(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def _problems() -> str:
    lines = _head(
        "問題の種類 / Problem types",
        "エラーはすべて RFC 9457 の問題文書（`application/problem+json`）で返ります。`type` は"
        "「公開URL/problems/種類」で、そのページに同じ説明があります。",
        "Every failure is an RFC 9457 problem document. Its `type` is the public URL followed by "
        "`/problems/` and one of these names.",
    )
    for kind in sorted(PROBLEM_TYPES.values(), key=lambda kind: (kind.status, kind.slug)):
        lines += ["", f"## {kind.slug}", ""]
        lines += _table(
            ("", "日本語", "English"),
            [
                ("HTTP", str(kind.status), str(kind.status)),
                ("内容 / What", kind.title_ja, kind.title_en),
                ("対処 / Remedy", kind.remedy_ja, kind.remedy_en),
            ],
        )
    return _text(lines)


def _settings() -> str:
    rows = [
        (
            f"`{PREFIX}{name.upper()}`",
            f"`{_plain(field.get_default(call_default_factory=True))}`",
            _values(field),
            *_halves(field),
        )
        for name, field in Settings.model_fields.items()
    ]
    lines = _head(
        "設定 / Settings",
        "設定は環境変数で与えます。どれも既定値があります。相対パスは、コマンドを起動した場所から"
        "たどります。",
        "Settings are environment variables; each has a default. Relative paths start where the "
        "command was started.",
    )
    lines += ["", *_table(("環境変数", "既定値", "値", "説明", "Description"), rows)]
    return _text(lines)


def _halves(field: FieldInfo) -> tuple[str, str]:
    japanese, _, english = (field.description or "").partition(" / ")
    return japanese, english


def _plain(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _values(field: FieldInfo) -> str:
    """Return in words what a setting accepts."""
    if get_origin(field.annotation) is Literal:
        return "、".join(f"`{value}`" for value in get_args(field.annotation))
    if field.annotation is bool:
        return "`true`、`false`"
    bounds = [
        text.format(f"{getattr(rule, name):,}")
        for rule in field.metadata
        for name, text in _BOUNDS.items()
        if getattr(rule, name, None) is not None
    ]
    return "、".join(bounds)


def _commands() -> str:
    # Looked up late: this command stands in the tree that it describes.
    from gateway.cli.commands import app

    tree = typer.main.get_command(app)
    lines = _head(
        "コマンド / Commands",
        "終了コード：0 できた、1 断られた・整っていない、2 使い方の誤り、3 設定・鍵・データベースの"
        "準備不足、70 内部の誤り。",
        "Exit codes: 0 done, 1 refused or not in order, 2 wrong usage, 3 settings, keys or "
        "database not set up, 70 an error of ours.",
    )
    for words, command in _walk("hitotsu", tree):
        nested = "commands" in vars(command)
        lines += ["", f"{'##' if nested else '###'} {words}", "", command.help or ""]
        if not nested:
            lines += ["", "```", _usage(words, command.params), "```"]
        if command.params:
            rows = [_parameter(parameter) for parameter in command.params]
            headings = ("引数・オプション", "必須", "既定値", "説明 / Description")
            lines += ["", *_table(headings, rows)]
    return _text(lines)


def _walk(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield every command below ``command`` with the words that call it."""
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield f"{words} {name}", inner
        yield from _walk(f"{words} {name}", inner)


def _usage(words: str, parameters: Sequence[Any]) -> str:
    arguments = [p.name.upper() for p in parameters if p.param_type_name == "argument"]
    options = [p for p in parameters if p.param_type_name == "option"]
    needed = [f"{p.opts[0]} {_placeholder(p)}" for p in options if p.required]
    optional = ["[OPTIONS]"] if len(needed) < len(options) else []
    return " ".join((words, *optional, *needed, *arguments))


def _placeholder(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _parameter(parameter: Any) -> tuple[str, str, str, str]:
    is_option = parameter.param_type_name == "option"
    names = "、".join(f"`{name}`" for name in parameter.opts) if is_option else (
        f"`{parameter.name.upper()}`"
    )  # fmt: skip
    default = parameter.default
    shown = "" if default is None or default is False else f"`{default}`"
    help_text = parameter.help or ""
    if parameter.envvar:
        help_text += f"（環境変数 / env: `{parameter.envvar}`）"
    return names, "○" if parameter.required else "", shown, help_text


def _codes() -> str:
    reasons = [reason.value for reason in AbsenceReason]
    quality = sorted(explained_codes() - set(reasons))
    lines = _head(
        "値がない理由と品質コード / Reasons of absence and quality codes",
        "回答の `explanations` に、使われたコードの文が入ります。やさしい日本語もあります。",
        "`explanations` of an answer holds these texts for whatever occurs in it.",
    )
    lines += ["", "## 値がない理由 / Reasons of absence", "", *_explained(reasons)]
    lines += ["", "## 品質コード / Quality codes", "", *_explained(quality)]
    return _text(lines)


def _explained(codes: Iterable[str]) -> list[str]:
    rows = []
    for code in codes:
        texts = explain(code)
        rows.append((f"`{code}`", *(_sentences(texts[language]) for language in ("ja", "en"))))
    return _table(("コード / Code", "日本語", "English"), rows)


def _sentences(parts: Mapping[str, str]) -> str:
    happened, can_do, ask = (parts[part] for part in PARTS)
    return f"{happened}<br>{can_do}<br>→ {ask}"


def versions(description: Mapping[str, Any]) -> str:
    """Return the page of every operation with its version and, where it is going away, until when.

    ``description`` is the OpenAPI document.
    """
    lines = _head(
        "操作と版 / Operations and versions",
        "ゲートウェイのすべての操作です。非推奨のものには開始日・終了日・代わりの操作を示し、応答にも"
        " `Deprecation`・`Sunset`・`Link` が付きます。終了日からは 410 `operation-ended` です。",
        "Every operation. Those that are going away say since when, until when and what comes "
        "after, here and in `Deprecation`, `Sunset` and `Link` of each answer; from their end on "
        "they answer 410 `operation-ended`.",
    )
    rows = [
        (version_of(path), f"`{method.upper()} {path}`", o["summary"], _state(o))
        for path, methods in description["paths"].items()
        for method, o in methods.items()
    ]
    headings = ("版 / Version", "操作 / Operation", "内容 / What", "状態 / State")
    return _text([*lines, "", *_table(headings, sorted(rows))])


def _state(operation: Mapping[str, Any]) -> str:
    if (facts := operation.get("x-lifecycle")) is None:
        return "現行 / current"
    said = [f"{facts['deprecated'][:10]} から非推奨 / deprecated"]
    if "sunset" in facts:
        said.append(f"{facts['sunset'][:10]} に終了 / ends")
    if "successor" in facts:
        said.append(f"代わり / instead: `{facts['successor']}`")
    return "<br>".join([*said, f"<{facts['page']}>"])


def _openapi() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            **{
                **{
                    n: f.get_default(call_default_factory=True)
                    for n, f in Settings.model_fields.items()
                },
                "database_url": f"sqlite+aiosqlite:///{folder}/none.db",
                "keys_dir": Path(folder, "keys"),
                "adapters_file": Path(folder, "adapters.yaml"),
            }
        )
        # The composition root stands above this room, so it is found by its name.
        app = importlib.import_module("gateway.app").create_app(settings)
        described: dict[str, Any] = app.openapi()
        return described


def _head(title: str, japanese: str, english: str) -> list[str]:
    return [f"# {title}", "", _MADE, "", japanese, "", f"*{english}*"]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [_row(headings), "|" + "---|" * len(headings)]
    return lines + [_row(row) for row in rows]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
