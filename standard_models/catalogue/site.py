"""The whole catalogue as pages to browse: every business, edition, group, item and code.

Plain HTML that opens from a folder, without a server and without the network. Search needs
JavaScript; everything else works without. Every page says whether a list is official.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Final

from standard_models.catalogue.search import search_key
from standard_models.dictionary import Cardinality, CodeTable, DataItem, Dictionary, Edition, Group
from standard_models.edition_changes import Change, compare, describe
from standard_models.reference.businesses import Business, businesses

ASSETS: Final = ("catalogue.css", "catalogue.js")
_POLICY: Final = "default-src 'none'; style-src 'self'; script-src 'self'"


def write_site(dictionary: Dictionary, folder: Path) -> int:
    """Write the pages below ``folder`` and return how many; other files there stay.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ASSETS:
        source = files("standard_models.catalogue").joinpath(name)
        (folder / name).write_text(source.read_text("utf-8"), "utf-8")
    (folder / "index.js").write_text(_search_data(dictionary), "utf-8")
    pages = dict(_pages(dictionary))
    for name, content in pages.items():
        (folder / name).write_text(content, "utf-8")
    return len(pages)


def page_of(edition: Edition) -> str:
    """Return the file name of an edition's page."""
    return f"{edition.business_id}-{edition.edition_id}.html"


def _pages(dictionary: Dictionary) -> Iterator[tuple[str, str]]:
    yield "index.html", _index(dictionary)
    for edition in dictionary.installed:
        yield page_of(edition), _edition(dictionary, edition)
    for business_id in businesses():
        own = [e for e in dictionary.installed if e.business_id == business_id]
        for old in own:
            for new in own:
                if old is not new:
                    yield _changes_page(old, new), _changes(old, new)


def _changes_page(old: Edition, new: Edition) -> str:
    return f"{old.business_id}-{old.edition_id}--{new.edition_id}.html"


def _search_data(dictionary: Dictionary) -> str:
    """Return a script with one row per item and group: keys, link, and what a hit shows."""
    rows = [row for edition in dictionary.installed for row in _search_rows(edition)]
    content = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return f"window.CATALOGUE = {content.replace('<', chr(92) + 'u003c')};\n"


def _search_rows(edition: Edition) -> Iterator[list[str]]:
    kind = "暫定" if edition.provisional else "公式"
    for group in edition.groups:
        names = group.name, group.label_en, "", group.ref
        yield _search_row(edition, group.key, group.key, names, kind)
        for item in group.items:
            names = item.name, item.label_en, item.item_id, item.ref
            yield _search_row(edition, item.item_id, item.field_name, names, kind)


def _search_row(
    edition: Edition, anchor: str, romaji: str, names: tuple[str, str, str, str], kind: str
) -> list[str]:
    keys = " ".join(dict.fromkeys(search_key(name) for name in (*names, romaji) if name))
    return [keys, f"{page_of(edition)}#{anchor}", *names, kind]


def _page(title: str, body: Iterable[str]) -> str:
    head = (
        '<!doctype html>\n<html lang="ja">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        '<link rel="stylesheet" href="catalogue.css">\n'
        '<script src="index.js" defer></script>\n<script src="catalogue.js" defer></script>\n'
        "</head>\n<body>\n"
        '<a class="skip" href="#main">本文へ / Skip to content</a>\n'
        '<header><p><a href="index.html">標準仕様の目録 / Catalogue of the standard</a></p>\n'
        '<form id="search" role="search" hidden>'
        '<label for="query">項目を探す <span lang="en">Search in Japanese, English, romaji'
        "</span></label>"
        '<input id="query" type="search" autocomplete="off" spellcheck="false">'
        '<p id="count" role="status"></p><ol id="hits"></ol></form></header>\n'
        f'<main id="main">\n<h1>{escape(title)}</h1>\n'
    )
    return head + "\n".join(body) + "\n</main>\n</body>\n</html>\n"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table. Cells are HTML already; headings are text."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    lines = "\n".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="表"><table><thead><tr>{head}'
        f"</tr></thead><tbody>\n{lines}\n</tbody></table></div>"
    )


def _both(japanese: str, english: str) -> str:
    return f'{escape(japanese)}<br><span lang="en">{escape(english)}</span>'


def _kind(*, provisional: bool) -> str:
    if provisional:
        return '<strong class="provisional">暫定 <span lang="en">provisional</span></strong>'
    return '<span class="official">公式 <span lang="en">official</span></span>'


def _index(dictionary: Dictionary) -> str:
    rows = [
        row for business in businesses().values() for row in _business_rows(dictionary, business)
    ]
    return _page(
        "標準仕様の目録 / Catalogue of the standard",
        (
            (
                "<p>業務ごとの項目一覧です。暫定の一覧は公式のものではなく、公式の一覧が取り込まれるまでの代わりです。"
                '<br><span lang="en">Item lists by business. A provisional list is not the '
                "official one; it stands in until that is imported.</span></p>"
            ),
            _table(
                ("業務ID", "業務 / Business", "版 / Edition", "区分 / Kind", "項目 / Items"), rows
            ),
        ),
    )


def _business_rows(dictionary: Dictionary, business: Business) -> Iterator[tuple[str, ...]]:
    own = [e for e in dictionary.installed if e.business_id == business.business_id]
    name = _both(business.name, business.label_en)
    if not own:
        none = '項目一覧はありません <span lang="en">no list</span>'
        yield business.business_id, name, none, "", ""
    for edition in own:
        link = f'<a href="{page_of(edition)}">{escape(edition.edition_id)}</a>'
        if dictionary.find_edition(edition.business_id) is edition:
            link += ' <span class="mark">使用中 <span lang="en">in force</span></span>'
        count = str(sum(1 for _ in edition.items))
        yield business.business_id, name, link, _kind(provisional=edition.provisional), count


def _edition(dictionary: Dictionary, edition: Edition) -> str:
    others = [
        e for e in dictionary.installed if e.business_id == edition.business_id and e is not edition
    ]
    body = [
        (f"<p>{_kind(provisional=edition.provisional)} {escape(edition.edition_id)}"
        f'<br><span lang="en">{escape(edition.label_en)}</span></p>'),
        (f"<p>出典 / Source: {escape(edition.source)}<br>利用条件 / Licence: "
        f"{escape(edition.licence)}</p>"),
        *(
            f'<p><a href="{_changes_page(other, edition)}">{escape(other.edition_id)} '
            "からの違い / Changes since</a></p>"
            for other in others
        ),
        "<ul>",
        *(f'<li><a href="#{g.key}">{escape(g.name)}</a> {escape(g.label_en)}</li>'
          for g in edition.groups),
        "</ul>",
    ]  # fmt: skip
    for group in edition.groups:
        body += _group(group)
    body += _code_tables(edition.code_tables.values())
    if edition.api is not None:
        rows = ((escape(e.code), escape(e.name), escape(e.message)) for e in edition.api.errors)
        body += ["<h2>エラーコード / Error codes</h2>", _table(("コード", "名称", "内容"), rows)]
    return _page(f"{edition.business_id} {edition.name}", body)


_RECORDS = {
    Cardinality.ONE: "1人1件 / one record of a person",
    Cardinality.MANY: "1人に複数件 / many records of a person",
}
_PROTECTION = " <strong>提供できない保護の記録 / register of protection, never granted</strong>"


def _group(group: Group) -> list[str]:
    headings = (
        "ID", "項目 / Item", "ローマ字 / Field", "型・桁 / Type", "コード / Code",
        "条件 / Condition", "キー / Key", "住所類 / Address", "説明 / Description",
    )  # fmt: skip
    return [
        f'<h2 id="{group.key}">{escape(group.name)}</h2>',
        (
            f'<p><span lang="en">{escape(group.label_en)}</span> <code>{group.ref}</code> '
            f"{_kind(provisional=group.provisional)} {_RECORDS[group.cardinality]}"
            f"{_PROTECTION if group.protection_register else ''}</p>"
        ),
        _table(headings, (_item(item) for item in group.items)),
    ]


def _item(item: DataItem) -> tuple[str, ...]:
    length = f"{item.length},{item.fraction}" if item.fraction else str(item.length)
    repeat = f" ×{item.repeat}" if item.repeat else ""
    key = "主" * item.primary_key + "外" * item.foreign_key
    code = escape(item.code_id or "")
    if item.codes is not None:
        code = f'<a href="#code-{escape(item.codes.code_id)}">{code}</a>'
    unknown = "不詳日可 " if item.allows_unknown_date else ""
    mark = '<br><span class="provisional">暫定</span>' if item.provisional else ""
    return (
        f'<span id="{item.item_id}">{item.item_id}</span>{mark}',
        _both(item.name, item.label_en),
        f"<code>{item.field_name}</code>",
        f"{item.data_type.value} {length}{repeat}",
        code,
        escape(item.condition.value),
        key,
        "○" * item.address_class,
        escape(unknown + item.definition),
    )


def _code_tables(tables: Iterable[CodeTable]) -> list[str]:
    body = []
    for table in tables:
        rows = ((escape(value), escape(label)) for value, label in table.labels.items())
        body.append(f'<h3 id="code-{escape(table.code_id)}">{escape(table.code_id)} '
                    f"{escape(table.name)}</h3>")  # fmt: skip
        if table.labels:
            body.append(_table(("コード値 / Value", "内容 / Meaning"), rows))
        else:
            body.append("<p>自治体が定めるコード / The municipality decides the values.</p>")
    return ["<h2>コード / Codes</h2>", *body] if body else []


def _changes(old: Edition, new: Edition) -> str:
    changes = compare(old, new)
    links = " → ".join(f'<a href="{page_of(e)}">{escape(e.edition_id)}</a>' for e in (old, new))
    return _page(
        f"{old.business_id} {old.name}：版の違い / Changes",
        (
            f"<p>{links}：{len(changes.changes)}</p>",
            f"<p>{_kind(provisional=old.provisional)} → {_kind(provisional=new.provisional)}</p>",
            _table(
                ("", "参照名 / Reference", "名称 / Name", "違い / Change"),
                (_change(change) for change in changes.changes),
            ),
        ),
    )


def _change(change: Change) -> tuple[str, ...]:
    mark = '<strong title="対応が必要">！</strong>' if change.breaking else ""
    return mark, f"<code>{change.ref}</code>", escape(change.name), _both(*describe(change))
