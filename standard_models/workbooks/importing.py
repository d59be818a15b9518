"""An official workbook becomes an edition in the native format, or says in full why not."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml

from standard_models.api_specifications import ApiSpecification
from standard_models.dictionary import Cardinality, DataItem, Dictionary, Edition, Group
from standard_models.edition_files import ITEM_COLUMNS, EditionError, load_edition
from standard_models.workbooks.api_sheets import read_calls, read_request, read_responses
from standard_models.workbooks.item_lists import read_codes, read_items, read_legend
from standard_models.workbooks.reading import NativeRow, Note, Problem, Reading
from standard_models.workbooks.sheets import Sheet, WorkbookError, read_sheets

__all__ = [
    "Import",
    "ImportOptions",
    "Note",
    "Problem",
    "import_workbook",
    "write_edition",
]

CODE_COLUMNS: Final = ("コードID", "コード名", "コード値", "コード値の内容", "備考")
_PROTECTION_NAMES = re.compile("支援措置|加害者|抑止|不開示|保護情報")
_ADDRESS_NAMES = re.compile(
    "住所|居所|所在|方書|番地|町字|町名|郵便番号|市区町村|市区郡町村|都道府県|行政区|国名|国外|送付|"
    "転入|転出|本籍|筆頭者|電話|連絡先|学校|施設|医療機関|病院|保育|宿泊|様方"
)
_EDITION_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the workbook does not say.

    ``edition_id`` names the edition (``official-2.0``). ``business_id`` is needed for an API
    specification, which gives parameters but no 業務ID. ``published`` is an ISO day or None.
    ``source`` and ``licence`` go into the edition.
    """

    edition_id: str
    business_id: str | None = None
    published: str | None = None
    source: str = "公表された様式から取り込み"
    licence: str = "公共データ利用規約（PDL1.0）。出典の表示が必要"


@dataclass(frozen=True, slots=True)
class Import:
    """The outcome: an edition, or None with the problems that refuse it.

    ``cells`` counts the filled cells, and each is one of read, note or unread. ``assumed`` says
    what the workbook left open and what was put in its place.
    """

    edition: Edition | None
    files: Mapping[str, str]
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...]
    assumed: tuple[str, ...]
    cells: int
    read: int
    hidden_sheets: tuple[str, ...]


@dataclass
class _Draft:
    reading: Reading
    options: ImportOptions
    known: Dictionary
    business_id: str
    business_name: str
    is_api: bool
    assumed: list[str] = field(default_factory=list)


def import_workbook(path: Path, options: ImportOptions, known: Dictionary) -> Import:
    """Read an official workbook; nothing is written.

    Romaji keys, cardinality, address class and English labels, for which the official format has
    no column, are taken from the editions in ``known`` where group or item are the same. What is
    left is put on the safe side and told in ``assumed``.

    Raises:
        WorkbookError: the file is no workbook, holds no item list, or ``options`` do not suffice.
    """
    if not _EDITION_ID.fullmatch(options.edition_id):
        raise WorkbookError("the id of an edition is lower-case letters, digits, - and .")
    sheets = read_sheets(path)
    reading = Reading()
    api_name = _read(sheets, reading, options)
    filled = sum(len(sheet.cells) for sheet in sheets)
    if not reading.items:
        raise WorkbookError(f"{path.name}: no sheet holds an item list or request parameters")
    business_id = options.business_id or reading.items[0].cells["業務コード"]
    name = api_name or _business_name(reading, known, business_id)
    draft = _Draft(reading, options, known, business_id, name, is_api=api_name is not None)
    edition, files = _edition(draft)
    unread = sum(p.is_of_cell for p in reading.problems if not p.refuses)
    refused = any(problem.refuses for problem in reading.problems)
    return Import(
        edition=None if refused else edition,
        files=files,
        problems=tuple(reading.problems),
        notes=tuple(reading.notes),
        assumed=tuple(draft.assumed),
        cells=filled,
        read=filled - len(reading.notes) - unread,
        hidden_sheets=tuple(sheet.name for sheet in sheets if sheet.hidden),
    )


def _read(sheets: Iterable[Sheet], reading: Reading, options: ImportOptions) -> str | None:
    """Read every sheet; return the name of the API if the workbook specifies one."""
    api = False
    for sheet in sheets:
        tables = [
            read_items(sheet, reading) or read_codes(sheet, reading) or read_legend(sheet, reading)
        ]
        head = min((row for row, _ in sheet.taken), default=0)
        if not any(tables):
            found = [
                table
                for table in (
                    read_calls(sheet, reading),
                    read_request(sheet, reading, options.business_id or ""),
                    read_responses(sheet, reading),
                )
                if table is not None
            ]
            if found and options.business_id is None:
                raise WorkbookError("an API specification gives no 業務ID: say it with --business")
            api = api or bool(found)
            head = min((table.head for table in found), default=0)
        is_text = head == 0 or bool(reading.calls and not reading.items)
        reading.close(sheet, is_text=is_text, head=head)
    if not api:
        return None
    titles = (note.text for note in reading.notes if note.text.endswith("API仕様"))
    return next(titles, "API").removesuffix("API仕様")


def _business_name(reading: Reading, known: Dictionary, business_id: str) -> str:
    for note in reading.notes:
        if found := re.search(r"（(.+?)）(項目定義書|基本データリスト)", note.text):
            return found[1]
    edition = known.find_edition(business_id)
    return edition.name if edition else business_id


def _edition(draft: _Draft) -> tuple[Edition | None, dict[str, str]]:
    """Return the edition and its files. Rows that break a rule are left out and become problems."""
    rows, codes = list(draft.reading.items), list(draft.reading.codes)
    rows = list(_own_rows(draft, rows))
    while rows:
        files = _files(draft, rows, codes)
        try:
            return _loaded(files), files
        except EditionError as error:
            if not _leave_out(draft, error, rows, codes):
                return None, files
    return None, {}


def _own_rows(draft: _Draft, rows: list[NativeRow]) -> Iterator[NativeRow]:
    for row in rows:
        if row.cells["業務コード"] != draft.business_id:
            rule = f"is of another 業務ID than {draft.business_id}"
            place = row.row.place("業務コード")
        elif not (row.cells.get("グループ_名称") or draft.is_api):
            rule, place = "グループ_名称: must not be empty", row.row.place("グループ_名称")
        else:
            yield row
            continue
        draft.reading.problems.append(Problem(row.sheet, place, rule))


def _leave_out(
    draft: _Draft, error: EditionError, rows: list[NativeRow], codes: list[NativeRow]
) -> bool:
    """Turn ``error`` into a problem and drop its row; False if it has no row of the workbook."""
    source = {"items.csv": rows, "codes.csv": codes}.get(error.path.name)
    if source is None or error.row is None:
        place = error.column or error.path.name
        draft.reading.problems.append(Problem("", place, error.rule))
        return False
    row = source.pop(error.row - 2)
    column = error.column or ""
    place = row.row.place("項目コード" if column == "データ項目ID" else column)
    rule = f"{column}: {error.rule}"
    draft.reading.problems.append(Problem(row.sheet, place, rule, row.cells.get(column, "")[:60]))
    return True


def _loaded(files: Mapping[str, str]) -> Edition:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "business" / "edition"
        _write(target, files)
        return load_edition(target)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8", newline="")


def write_edition(result: Import, editions: Path) -> Path:
    """Write the edition of ``result`` below ``editions`` and return its folder.

    The folder appears whole or not at all.

    Raises:
        WorkbookError: the import was refused, or the edition is there already.
    """
    if result.edition is None:
        raise WorkbookError("the workbook has problems: nothing was written")
    folder = editions / result.edition.business_id / result.edition.edition_id
    if folder.exists():
        raise WorkbookError(f"the edition {folder.name} of {folder.parent.name} exists already")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".import-") as draft:
        _write(Path(draft) / folder.name, result.files)
        (Path(draft) / folder.name).rename(folder)
    return folder


def _files(draft: _Draft, rows: list[NativeRow], codes: list[NativeRow]) -> dict[str, str]:
    for index, row in enumerate(rows):
        if not row.cells.get("グループ_名称") and draft.is_api:
            rows[index] = replace(row, cells={**row.cells, "グループ_名称": draft.business_name})
    draft.assumed.clear()
    head = {
        "business": draft.business_id,
        "name": draft.business_name,
        "label_en": _edition_label(draft),
        "edition": draft.options.edition_id,
        "provisional": False,
        "published": draft.options.published,
        "source": draft.options.source,
        "licence": draft.options.licence,
        "groups": list(_groups(draft, rows)),
    }
    files = {
        "edition.yaml": _yaml(head),
        "items.csv": _csv(ITEM_COLUMNS, (row.cells for row in rows)),
        "codes.csv": _csv(CODE_COLUMNS, (row.cells for row in codes)),
        "labels_en.csv": _csv(("item_id", "label_en"), _labels(draft, rows)),
    }
    reading = draft.reading
    if reading.calls or reading.responses:
        api = ApiSpecification(
            tuple(reading.calls), tuple(reading.responses), tuple(reading.errors)
        )
        files["api.yaml"] = _yaml(api.to_plain())
    return files


def _yaml(content: object) -> str:
    text: str = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)
    return text


def _csv(columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    stream = io.StringIO()
    names = list(columns)
    writer = csv.DictWriter(stream, names, extrasaction="ignore", restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _edition_label(draft: _Draft) -> str:
    edition = draft.known.find_edition(draft.business_id)
    return edition.label_en if edition else draft.business_name


def _groups(draft: _Draft, rows: list[NativeRow]) -> Iterator[dict[str, Any]]:
    known = _known_groups(draft)
    keys: set[str] = set()
    by_group: dict[str, list[NativeRow]] = {}
    for row in rows:
        by_group.setdefault(row.cells["グループ_名称"], []).append(row)
    for number, (name, own) in enumerate(by_group.items(), start=1):
        group = known.get(name)
        key = group.key if group and group.key not in keys else _new_key(draft, number)
        keys.add(key)
        cardinality = group.cardinality if group else Cardinality.MANY
        if group is None:
            draft.assumed.append(
                f"グループ「{name}」は新しいグループです：キー {key}、一人に複数件と仮定しました。"
                f" / new group {name}: key {key}, many records of a person"
            )
        head = {
            "name": name,
            "key": key,
            "label_en": group.label_en if group else name,
            "cardinality": cardinality.value,
            "address_class": sorted(_address_class(draft, name, group, own)),
        }
        yield head | ({"protection_register": True} if _is_protection(draft, name, group) else {})


def _is_protection(draft: _Draft, name: str, group: Group | None) -> bool:
    if group is not None:
        return group.protection_register
    if not _PROTECTION_NAMES.search(name):
        return False
    draft.assumed.append(
        f"グループ「{name}」は保護に関わる記録と仮定しました：誰にも提供できません。"
        f" / {name} is assumed to be a register of protection: nobody can be granted it"
    )
    return True


def _known_groups(draft: _Draft) -> dict[str, Group]:
    editions = [e for e in draft.known.installed if e.business_id == draft.business_id]
    return {group.name: group for edition in editions for group in edition.groups}


def _new_key(draft: _Draft, number: int) -> str:
    if draft.reading.calls:
        return draft.reading.calls[0].name.rsplit("/", 1)[-1]
    return f"group{number}"


def _address_class(
    draft: _Draft, name: str, group: Group | None, rows: list[NativeRow]
) -> Iterator[str]:
    """Yield the fields from which a place of living follows: known ones, and new ones by name."""
    known: Mapping[str, DataItem] = group.by_field if group else {}
    for row in rows:
        romaji = row.cells["データ項目（ローマ字）"]
        if romaji in known:
            if known[romaji].address_class:
                yield romaji
        elif _ADDRESS_NAMES.search(row.cells["データ項目"]):
            draft.assumed.append(
                f"{name}の新しい項目「{row.cells['データ項目']}」を住所に関わる項目と仮定しました。"
                f" / {romaji} is assumed to tell a place of living"
            )
            yield romaji


def _labels(draft: _Draft, rows: list[NativeRow]) -> Iterator[dict[str, str]]:
    editions = sorted(
        (*draft.known.editions, *draft.known.installed),
        key=lambda edition: edition.business_id == draft.business_id,
    )
    known = {item.field_name: item.label_en for edition in editions for item in edition.items}
    for row in {row.cells["データ項目ID"]: row for row in rows}.values():
        romaji = row.cells["データ項目（ローマ字）"]
        label = known.get(romaji)
        if label is None:
            draft.assumed.append(
                f"「{row.cells['データ項目']}」の英語名がないため、ローマ字 {romaji} を使いました。"
                f" / no English label for {romaji}"
            )
        yield {"item_id": row.cells["データ項目ID"], "label_en": label or romaji}
