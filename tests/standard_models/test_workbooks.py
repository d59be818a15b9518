"""Official workbooks are imported whole: what the importer says is checked against the XML itself.

The second reading opens the packages as zip files and walks their XML; it shares nothing with the
importer.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from standard_models.builtin import load_builtin
from standard_models.edition_files import load_edition
from standard_models.workbooks import (
    Import,
    ImportOptions,
    WorkbookError,
    import_workbook,
    write_edition,
)

FOLDER = Path(__file__).parent / "workbooks"
LIST = FOLDER / "031_item_definition.xlsx"
API = FOLDER / "031_fuban_api_spec_2.0.xlsx"
LIST_OPTIONS = ImportOptions("official-20230929", published="2023-09-29")
API_OPTIONS = ImportOptions("official-api-2.0", business_id="031", published="2023-03")
_NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def xml_sheets(path: Path) -> dict[str, dict[str, str]]:
    """Return sheet → cell → stored text, from the XML of the package."""
    with zipfile.ZipFile(path) as package:
        strings = [
            "".join(
                node.text or ""
                for part in entry
                if not part.tag.endswith("}rPh")  # readings of kanji are no content
                for node in ([part] if part.tag.endswith("}t") else part.findall("m:t", _NS))
            )
            for entry in ET.fromstring(package.read("xl/sharedStrings.xml"))
        ]
        relations = {
            entry.attrib["Id"]: entry.attrib["Target"]
            for entry in ET.fromstring(package.read("xl/_rels/workbook.xml.rels"))
        }
        book = ET.fromstring(package.read("xl/workbook.xml"))
        found = {}
        for sheet in book.findall("m:sheets/m:sheet", _NS):
            target = relations[sheet.attrib[_REL]].removeprefix("/xl/")
            found[sheet.attrib["name"]] = dict(
                cells(ET.fromstring(package.read(f"xl/{target}")), strings)
            )
        return found


def cells(root: ET.Element, strings: list[str]) -> Any:
    for cell in root.iterfind(".//m:c", _NS):
        value = cell.find("m:v", _NS)
        if value is None or value.text is None:
            continue
        text = strings[int(value.text)] if cell.attrib.get("t") == "s" else value.text
        if text.strip():
            yield cell.attrib["r"], text.strip()


@pytest.fixture(scope="module")
def item_list() -> Import:
    return import_workbook(LIST, LIST_OPTIONS, load_builtin())


@pytest.fixture(scope="module")
def api() -> Import:
    return import_workbook(API, API_OPTIONS, load_builtin())


def test_every_item_of_the_list_is_imported_as_it_stands(item_list: Import) -> None:
    """Id, names, group, keys, type, length, code, repetition, condition, sample: 29 rows."""
    assert item_list.edition is not None
    sheet = next(c for name, c in xml_sheets(LIST).items() if name.startswith("項目定義書"))
    rows = [number for number in range(7, 36) if f"D{number}" in sheet]
    items = list(item_list.edition.items)
    assert len(items) == len(rows) == 29
    for item, row in zip(items, rows, strict=True):
        written = {letter: sheet.get(f"{letter}{row}", "") for letter in "BCDEFGHLMNOPQRTU"}
        assert item.item_id == written["B"] + written["C"].rjust(5, "0")
        assert (item.name, item.field_name) == (written["D"], written["E"])
        assert (item.data_type.value, str(item.length)) == (written["L"], written["M"])
        assert (item.code_id or "", str(item.repeat or "")) == (written["N"], written["O"])
        assert item.condition.value == written["P"]
        assert (item.primary_key, item.foreign_key) == (written["G"] == "○", written["H"] == "○")
        assert (item.definition, item.sample) == (written["Q"], written["U"])
        assert item.allows_unknown_date == ("不詳日を許容" in written["R"])
        assert written["F"] == "住登外者宛名基本情報"


def test_every_code_of_the_list_is_imported_as_it_stands(item_list: Import) -> None:
    """Three tables; id and name stand in the first row of each; 999 leaves the values open."""
    assert item_list.edition is not None
    sheet = xml_sheets(LIST)["コード一覧（個別）_住登外者宛名番号管理"]
    written: dict[str, dict[str, str]] = {}
    table = ""
    for row in range(6, 12):
        table = sheet.get(f"A{row}", table)
        written.setdefault(table, {})[sheet[f"C{row}"]] = sheet[f"D{row}"]
    assert set(written) == {"1", "2", "999"}
    assert written.pop("999") == {"任意": "任意"}
    tables = item_list.edition.code_tables.values()
    assert {t.code_id: dict(t.labels) for t in tables} == {**written, "999": {}}


def test_every_parameter_of_the_api_is_imported_as_it_stands(api: Import) -> None:
    """Forty parameters with name, label, type, length, need and sample."""
    assert api.edition is not None
    sheet = xml_sheets(API)["リクエスト_API仕様"]
    rows = [number for number in range(23, 64) if f"E{number}" in sheet]
    items = list(api.edition.items)
    assert len(items) == len(rows) == 40
    for position, (item, row) in enumerate(zip(items, rows, strict=True), start=1):
        assert item.item_id == f"031Q{position:04}"
        assert (item.field_name, item.name) == (sheet[f"E{row}"], sheet[f"AK{row}"])
        assert (item.data_type.value, str(item.length)) == (sheet[f"CY{row}"], sheet[f"DC{row}"])
        assert (item.condition.value == "必須") == (sheet.get(f"CV{row}") == "◎")
        conditional = "※※" in sheet.get(f"DK{row}", "")
        assert (item.condition.value == "条件付き必須") == conditional
        assert item.sample == sheet[f"DU{row}"].strip('"”')
        assert item.definition == sheet[f"BA{row}"]


def test_every_object_of_the_responses_is_imported_as_it_stands(api: Import) -> None:
    """Four trees by status: 200, 400, 401, 503, each object with its level, type and length."""
    assert api.edition is not None
    assert api.edition.api is not None
    sheet = xml_sheets(API)["レスポンス_API仕様"]
    written = []
    status = 0
    for row in range(9, 52):
        if found := re.search(r"HTTPステータスコード：(\d+)", sheet.get(f"A{row}", "")):
            status = int(found[1])
        level = sheet.get(f"E{row}")
        if level is None:
            continue
        name = sheet["IJKL"[int(level) - 1] + str(row)]
        kind = "".join(sheet[f"CX{row}"].split())
        length = sheet[f"DB{row}"]
        written.append((status, int(level), name, kind, None if length == "-" else int(length)))
    imported = [
        (node.status, node.level, node.name, node.data_type, node.length)
        for node in api.edition.api.responses
    ]
    assert imported == written
    assert {status for status, *_ in written} == {200, 400, 401, 503}
    assert len(api.edition.api.response(200)) == 14


def test_the_error_codes_and_the_call_of_the_api_are_imported(api: Import) -> None:
    """E0001 to E0004 with their wording; one call, Create."""
    assert api.edition is not None
    assert api.edition.api is not None
    sheet = xml_sheets(API)["レスポンス_API仕様"]
    errors = [(e.code, e.name, e.message) for e in api.edition.api.errors]
    assert errors == [(sheet[f"I{r}"] and sheet[f"E{r}"], sheet[f"I{r}"], sheet[f"AF{r}"])
                      for r in range(55, 59)]  # fmt: skip
    assert [code for code, *_ in errors] == ["E0001", "E0002", "E0003", "E0004"]
    (call,) = api.edition.api.calls
    assert (call.name, call.operation) == ("app_submit/v10/jutogaishaatenabangofuban", "Create")


@pytest.mark.parametrize("path", [LIST, API], ids=["list", "api"])
def test_every_filled_cell_is_accounted_for(path: Path, item_list: Import, api: Import) -> None:
    """Read, note or not read: the sum is what the XML of the package holds."""
    result = item_list if path == LIST else api
    stored = sum(len(sheet) for sheet in xml_sheets(path).values())
    unread = [p for p in result.problems if p.place != "drawing"]
    assert result.cells == stored
    assert result.read + len(result.notes) + len(unread) == stored


def test_what_cannot_be_read_is_listed_by_sheet_and_cell(item_list: Import, api: Import) -> None:
    """The list is read whole; of the API two stray texts and the drawing of its sequence remain."""
    assert item_list.problems == ()
    assert [(p.sheet, p.place) for p in api.problems] == [
        ("APIシーケンス", "drawing"),
        ("凡例）データ型", "AV18"),
        ("凡例）データ型", "BA24"),
    ]


@pytest.mark.parametrize(
    ("path", "edition"), [(LIST, "official-20230929"), (API, "official-api-2.0")]
)
def test_the_editions_that_come_with_the_package_are_those_of_the_workbooks(
    path: Path, edition: str, item_list: Import, api: Import
) -> None:
    """Everything but the descriptions, which are written anew."""
    imported = (item_list if path == LIST else api).edition
    shipped = load_builtin().find_edition("031", edition)
    assert imported is not None
    assert shipped is not None
    facts = (
        "item_id", "name", "field_name", "data_type", "length", "fraction", "code_id", "codes",
        "repeat", "condition", "primary_key", "foreign_key", "allows_unknown_date", "sample",
    )  # fmt: skip
    for one, other in zip(imported.items, shipped.items, strict=True):
        assert [getattr(one, fact) for fact in facts] == [getattr(other, fact) for fact in facts]
    assert {t.code_id: t for t in imported.code_tables.values()} == {
        t.code_id: t for t in shipped.code_tables.values()
    }
    assert imported.api == shipped.api


def changed(tmp_path: Path, cell: str, value: object) -> Path:
    """Return a copy of the list with one cell of the item sheet changed."""
    target = tmp_path / LIST.name
    book = openpyxl.load_workbook(LIST)
    book.worksheets[0][cell] = value
    book.save(target)
    return target


@pytest.mark.parametrize(
    ("cell", "value", "place", "rule"),
    [
        ("L9", "ＺＺ", "L9", "データ型: must be one of"),
        ("M10", "ten", "M10", "桁数: must be a number"),
        ("E11", "Shimei", "E11", "ローマ字）: must be lower-case romaji"),
        ("P12", "たぶん", "P12", "データ出力条件: must be one of"),
        ("N31", 77, "N31", "コードID: codes.csv has no such table"),
        ("C8", 1, "C8", "データ項目ID: the id stands twice"),
        ("B9", "032", "B9", "is of another 業務ID than 031"),
        ("D9", None, "row 9", "データ項目: must not be empty"),
    ],
)
def test_a_row_that_breaks_a_rule_refuses_the_edition_and_names_its_cell(
    tmp_path: Path, cell: str, value: object, place: str, rule: str
) -> None:
    """One problem, at the cell, with the rule; the other 28 rows are still read."""
    result = import_workbook(changed(tmp_path, cell, value), LIST_OPTIONS, load_builtin())
    assert result.edition is None
    (problem,) = result.problems
    assert problem.refuses
    assert problem.place == place
    assert rule in problem.rule
    with pytest.raises(WorkbookError, match="nothing was written"):
        write_edition(result, tmp_path / "editions")


def test_all_problems_are_told_in_one_run(tmp_path: Path) -> None:
    """Three broken rows are three problems."""
    path = changed(tmp_path, "L9", "?")
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["M10"] = "x"
    book.worksheets[0]["P12"] = "y"
    book.save(path)
    result = import_workbook(path, LIST_OPTIONS, load_builtin())
    assert {problem.place for problem in result.problems} == {"L9", "M10", "P12"}


def test_a_column_that_the_format_does_not_know_is_listed_and_not_dropped(tmp_path: Path) -> None:
    """Heading and cells of an unknown column are problems that do not refuse the edition."""
    path = changed(tmp_path, "X5", "新しい列")
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["X9"] = "値"
    book.save(path)
    result = import_workbook(path, LIST_OPTIONS, load_builtin())
    assert result.edition is not None
    assert [(p.place, p.excerpt, p.refuses) for p in result.problems] == [
        ("X5", "新しい列", False),
        ("X9", "値", False),
    ]


def test_a_new_item_by_whose_name_a_place_follows_is_of_the_address_class(tmp_path: Path) -> None:
    """On the safe side, and told: a leaked address can cost a life."""
    path = changed(tmp_path, "E16", "kyojusho")
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["D16"] = "居所"
    book.save(path)
    result = import_workbook(path, LIST_OPTIONS, load_builtin())
    assert result.edition is not None
    item = result.edition.groups[0].item("kyojusho")
    assert item.address_class
    assert any("居所" in assumed for assumed in result.assumed)


def test_an_imported_edition_is_a_folder_that_loads_again(
    tmp_path: Path, item_list: Import, api: Import
) -> None:
    """Written and loaded it is equal; a second time it is refused."""
    for result in (item_list, api):
        folder = write_edition(result, tmp_path)
        assert load_edition(folder) == result.edition
        with pytest.raises(WorkbookError, match="exists already"):
            write_edition(result, tmp_path)
    assert sorted(p.name for p in (tmp_path / "031").iterdir()) == [
        "official-20230929",
        "official-api-2.0",
    ]


def test_an_api_without_its_business_is_refused() -> None:
    """The specification gives no 業務ID, and none is guessed."""
    with pytest.raises(WorkbookError, match="--business"):
        import_workbook(API, ImportOptions("official-api-2.0"), load_builtin())


def test_a_file_that_is_no_workbook_is_refused_with_what_helps(tmp_path: Path) -> None:
    """A missing file, an old .xls, a package that declares entities, a workbook without a list."""
    old = tmp_path / "old.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    bomb = tmp_path / "bomb.xlsx"
    shutil.copy(LIST, bomb)
    with zipfile.ZipFile(bomb, "a") as package:
        package.writestr("xl/extra.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    empty = tmp_path / "empty.xlsx"
    openpyxl.Workbook().save(empty)
    for path, rule in (
        (tmp_path / "none.xlsx", "does not exist"),
        (old, "save an old .xls"),
        (bomb, "declares a document type"),
        (empty, "no sheet holds an item list"),
    ):
        with pytest.raises(WorkbookError, match=rule):
            import_workbook(path, LIST_OPTIONS, load_builtin())


def test_every_workbook_beside_the_tests_has_a_licence() -> None:
    """Origin and terms stand beside the files."""
    noted = (FOLDER / "LICENCES.md").read_text("utf-8")
    for path in FOLDER.glob("*.xlsx"):
        assert f"`{path.name}`" in noted


HEADINGS = (
    "データ項目ID", "データ項目", "データ項目（ローマ字）", "グループ_名称", "グループ_主キー",
    "グループ_外部キー", "データ型", "桁数", "コード", "繰り返し", "データ出力条件", "項目説明",
)  # fmt: skip
ROWS = (
    ("01000001", "宛名番号", "atenabango", "課税情報", "○", "", "X", 15, "", "", "必須", ""),
    ("01000002", "税率", "zeiritsu", "", "", "", "９Ｖ", "3,2", "", "", "任意", ""),
    ("01000003", "申告区分", "shinkokukubun", "", "", "", "X", 1, "個人住民税_4", "", "任意", ""),
    ("01000004", "宛名番号", "atenabango", "送付先", "〇", "◯", "X", 15, "", "", "必須", ""),
    ("01000005", "送付先_住所", "sofusaki_jusho", "", "", "", "N", 300, "999", 3, "任意", ""),
)


def list_of_another_business(tmp_path: Path) -> Path:
    """Return a list with one row of headings, merged groups, two sheets and a shared code table."""
    book = openpyxl.Workbook()
    for number, rows in enumerate((ROWS[:3], ROWS[3:]), start=1):
        sheet = book.create_sheet(f"基本データリスト{number}")
        sheet["A1"] = "■地方公共団体情報システム-（個人住民税）基本データリスト"
        for column, heading in enumerate(HEADINGS, start=1):
            sheet.cell(3, column, heading.replace("データ型", "データ型\n"))
        for offset, row in enumerate(rows):
            for column, value in enumerate(row, start=1):
                sheet.cell(4 + offset, column, value or None)
        sheet.merge_cells(f"D4:D{3 + len(rows)}")
    codes = book.create_sheet("コード一覧（連携）")
    for column, heading in enumerate(
        ("コードID", "コード名", "コード値", "コード値の内容"), start=1
    ):
        codes.cell(1, column, heading)
    for offset, row in enumerate(
        (
            ("個人住民税_4", "申告区分", 1, "申告"),
            (None, None, 2, "未申告"),
            (999, "固有", "任意", "任意"),
        )
    ):
        for column, value in enumerate(row, start=1):
            codes.cell(2 + offset, column, value)
    del book["Sheet"]
    target = tmp_path / "010.xlsx"
    book.save(target)
    return target


def test_a_list_in_another_layout_is_read_as_well(tmp_path: Path) -> None:
    """One row of headings, ids in one cell, merged groups, several sheets, shared code tables."""
    path = list_of_another_business(tmp_path)
    result = import_workbook(path, ImportOptions("official-1.0"), load_builtin())
    assert result.problems == ()
    edition = result.edition
    assert edition is not None
    assert (edition.business_id, edition.name) == ("010", "個人住民税")
    assert [(g.name, [i.field_name for i in g.items]) for g in edition.groups] == [
        ("課税情報", ["atenabango", "zeiritsu", "shinkokukubun"]),
        ("送付先", ["atenabango", "sofusaki_jusho"]),
    ]
    rate, filing = edition.groups[0].items[1:]
    assert (rate.data_type.value, rate.length, rate.fraction) == ("9V", 3, 2)
    assert filing.codes is not None
    assert dict(filing.codes.labels) == {"1": "申告", "2": "未申告"}
    number, mailing = edition.groups[1].items
    assert (number.primary_key, number.foreign_key) == (True, True)
    assert (mailing.data_type.value, mailing.repeat, mailing.codes) == ("Ｎ", 3, None)
    assert mailing.address_class
    assert any("新しいグループ" in assumed for assumed in result.assumed)
    assert load_edition(write_edition(result, tmp_path / "editions")) == edition


def test_an_item_without_a_group_is_refused(tmp_path: Path) -> None:
    """The group is not guessed from the row above."""
    path = changed(tmp_path, "F9", None)
    result = import_workbook(path, LIST_OPTIONS, load_builtin())
    assert result.edition is None
    assert [p.place for p in result.problems] == ["row 9"]


def test_a_new_group_that_tells_of_protection_is_marked_and_told(tmp_path: Path) -> None:
    """On the safe side: that a measure exists is itself secret."""
    path = list_of_another_business(tmp_path)
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value == "送付先":
                    cell.value = "支援措置対象者"
    book.save(path)
    result = import_workbook(path, ImportOptions("official-1.0"), load_builtin())
    edition = result.edition
    assert edition is not None
    assert [group.protection_register for group in edition.groups] == [False, True]
    assert any("誰にも提供できません" in assumed for assumed in result.assumed)
    assert load_edition(write_edition(result, tmp_path / "editions")) == edition


def struck(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["D9"].font = Font(strike=True)


def partly_struck(book: openpyxl.Workbook) -> None:
    pieces = TextBlock(InlineFont(strike=True), "12"), "15"
    book.worksheets[0]["M7"] = CellRichText(*pieces)


def invisible(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["D7"] = "宛名\u200b番号"


@pytest.mark.parametrize(
    ("change", "place", "rule"),
    [
        (struck, "D9", "struck through"),
        (partly_struck, "M7", "struck through"),
        (invisible, "D7", "U+200B"),
    ],
)
def test_a_text_that_may_not_be_what_it_says_refuses_the_edition(
    tmp_path: Path, change: Callable[[openpyxl.Workbook], None], place: str, rule: str
) -> None:
    """A line through a row or a part of a cell marks what an edition removed, or not."""
    book = openpyxl.load_workbook(LIST)
    change(book)
    book.save(tmp_path / "list.xlsx")
    result = import_workbook(tmp_path / "list.xlsx", LIST_OPTIONS, load_builtin())
    assert result.edition is None
    assert [(p.place, rule in p.rule) for p in result.problems if p.refuses] == [(place, True)]


def test_a_hidden_row_is_read_and_told(tmp_path: Path) -> None:
    """It may be meant; whoever imports sees it nowhere else."""
    book = openpyxl.load_workbook(LIST)
    book.worksheets[0].row_dimensions[9].hidden = True
    book.save(tmp_path / "list.xlsx")
    result = import_workbook(tmp_path / "list.xlsx", LIST_OPTIONS, load_builtin())
    assert result.edition is not None
    assert len(list(result.edition.items)) == 29
    assert [(p.place, p.refuses) for p in result.problems] == [("row 9", False)]
    assert result.read + len(result.notes) == result.cells
