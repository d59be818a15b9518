"""`hitotsu mapping`: a vendor looks at a mapping and what it makes of a host's file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import openpyxl
import pytest

from tests.adapters.host.writer import record
from tests.adapters.host_types.writer import blocks, head, menjo, shikaku, tail

HOST = Path(__file__).parents[2] / "adapters" / "host"


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A folder with mapping, copybook and a file of four records, one of them cut."""
    folder = tmp_path / "kit"
    folder.mkdir()
    for name in ("mapping.yaml", "nenkin.cpy"):
        shutil.copy(HOST / name, folder)
    data = record() + record("000000047120", kind="7") + record(since=4130231) + record()[:40]
    (folder / "nenkin.dat").write_bytes(data)
    return folder


def changed(folder: Path, old: str, new: str) -> Path:
    text = (folder / "mapping.yaml").read_text("utf-8")
    assert old in text
    target = folder / "changed.yaml"
    target.write_text(text.replace(old, new), "utf-8")
    return target


def test_lint_names_every_error_with_its_line(hitotsu, kit):
    """A field that the copybook does not have is one of them."""
    assert hitotsu("mapping", "lint", kit / "mapping.yaml").exit_code == 0
    wrong = changed(kit, "{field: rireki_no}", "{field: rireki_bango}")
    result = hitotsu("mapping", "lint", wrong)
    assert result.exit_code == 1
    assert "changed.yaml:33:7" in result.stdout
    assert "have no field rireki_bango [unknown-field]" in result.stdout
    assert "誤り 1、お知らせ 0 / 1 errors, 0 notes" in result.stdout


STEPS = """\
from adapters.mapping.own_steps import Refused, step


@step("drop-first", examples=[("12", "2"), ("", Refused("empty"))])
def drop_first(raw: str) -> str | Refused:
    return raw[1:] if raw else Refused("empty")
"""


def test_steps_beside_the_mapping_are_used_and_their_faults_told(hitotsu, kit):
    """By lint at the line that names the module, and by preview."""
    own = changed(kit, "{field: rireki_no}", "{field: rireki_no, steps: [{own: drop-first}]}")
    own.write_text("steps_module: steps\n" + own.read_text("utf-8"), "utf-8")
    missing = hitotsu("mapping", "lint", own)
    assert missing.exit_code == 1
    assert "changed.yaml:1:1 error: steps_module: steps.py: not beside the mapping [bad-step]" in (
        " ".join(missing.stdout.split())
    )
    assert hitotsu("mapping", "preview", own, kit / "nenkin.dat").exit_code == 1
    (kit / "steps.py").write_text(STEPS, "utf-8")
    assert hitotsu("mapping", "lint", own).exit_code == 0
    shown = hitotsu("mapping", "preview", own, kit / "nenkin.dat")
    assert "rirekibango 1 " in " ".join(shown.stdout.split()).replace("│", "")
    assert hitotsu("mapping", "coverage", own, kit / "nenkin.dat").exit_code == 0
    (kit / "steps.py").write_text(STEPS.replace('"2"', '"1"'), "utf-8")
    assert "drop-first: example 1 does not give what is written" in (
        " ".join(hitotsu("mapping", "lint", own).stdout.split())
    )


def test_preview_shows_bytes_fields_and_standard_items_of_a_record(hitotsu, kit):
    """Side by side, from the record that was asked for."""
    result = hitotsu("mapping", "preview", kit / "mapping.yaml", kit / "nenkin.dat", "--from", "2")
    assert result.exit_code == 0, result.output
    shown = " ".join(result.stdout.split())
    assert "atena_no f0 f0 f0 f0 f0 f0 f0 f4 f7 f1 f2 f0 000000047120" in shown
    assert "shutoku_ymd 41 20 61 5f 4120615" in shown
    assert "shikakushutokunengappi 2000-06-15" in shown
    assert "hihokenshashubetsu lost-in-mapping UNMAPPED_CODE W" in shown


def test_preview_of_a_damaged_record_says_what_is_wrong(hitotsu, kit):
    """The bytes are counted; no field is made up."""
    result = hitotsu("mapping", "preview", kit / "mapping.yaml", kit / "nenkin.dat", "--from", "4")
    assert result.exit_code == 0
    assert "R RECORD_LENGTH" in result.stdout
    assert "026." not in result.stdout


@pytest.fixture
def typed(tmp_path: Path) -> Path:
    """A folder with a mapping of several types of record and a file whose trailer is wrong."""
    folder = tmp_path / "typed"
    shutil.copytree(HOST.with_name("host_types"), folder)
    records = [head(), shikaku(1), menjo(1), menjo(1, kind="H"), shikaku(2), menjo(9)]
    (folder / "nenkin.dat").write_bytes(blocks([*records, tail(9, 3, 3000)]))
    return folder


def test_preview_shows_every_record_of_an_answer_by_its_own_layout(hitotsu, typed):
    """Head and details with their bytes, and the groups that are made of them."""
    mapping, data = typed / "mapping.yaml", typed / "nenkin.dat"
    assert hitotsu("mapping", "lint", mapping).exit_code == 0
    result = hitotsu("mapping", "preview", mapping, data, "--from", "2")
    assert result.exit_code == 0, result.output
    shown = " ".join(result.stdout.split())
    assert "record 2 shikaku, 43 bytes" in shown
    assert "record 4 menjo, 43 bytes" in shown
    assert "menjo_kbn c1 A" in shown
    assert "gaku 00 01 00 0c 1000" in shown
    assert "sosanengappi 2026-10-01" in shown
    assert shown.count("menjokubun") == 2


def test_coverage_of_several_types_adds_up_and_tells_of_wrong_totals(hitotsu, typed):
    """Records, headers and trailers, answers; what the trailer states and what was counted."""
    kept = typed / "coverage.json"
    mapping, data = typed / "mapping.yaml", typed / "nenkin.dat"
    result = hitotsu("mapping", "coverage", mapping, data, "--json", kept)
    assert result.exit_code == 0, result.output
    shown = " ".join(result.stdout.split())
    assert "7 records read, 1 damaged" in shown
    assert "2 headers and trailers, 2 answers" in shown
    assert 'R CONTROL_TOTAL_WRONG {"field": "kensu", "stated": "9", "counted": "5"}' in shown
    assert "HEAD_RECORD_MISSING: 1" in shown
    report = json.loads(kept.read_text("utf-8"))
    assert (report["read"], report["control"], report["answers"]) == (7, 2, 2)


def test_preview_beyond_the_end_says_so(hitotsu, kit):
    """Not an empty answer."""
    result = hitotsu("mapping", "preview", kit / "mapping.yaml", kit / "nenkin.dat", "--from", "9")
    assert result.exit_code == 1
    assert "there is no record 9" in result.stderr


def test_coverage_counts_every_record_and_can_be_kept(hitotsu, kit):
    """On the screen and as JSON; no content of a person in either."""
    kept = kit / "coverage.json"
    result = hitotsu(
        "mapping", "coverage", kit / "mapping.yaml", kit / "nenkin.dat", "--json", kept
    )
    assert result.exit_code == 0, result.output
    assert "読んだ記録 4、壊れた記録 1 / 4 records read, 1 damaged" in result.stdout
    report = json.loads(kept.read_text("utf-8"))
    assert report["groups"]["026.shikakujoho"]["records"] == 3
    assert report["columns"]["yobi"] == {"filled": 0, "items": []}
    assert {"value": "7", "mapped": False, "count": 1, "clause": ""} in report["groups"][
        "026.shikakujoho"
    ]["codes"]["shubetsu"]
    assert "架空" not in result.stdout + kept.read_text("utf-8")
    assert "000000047112" not in result.stdout + kept.read_text("utf-8")


def test_diff_tells_what_a_new_version_does_otherwise(hitotsu, kit):
    """Rule by rule; the same text twice makes no difference."""
    new = changed(kit, "sosashaid: {constant: HOST}", "sosashaid: {field: yobi}")
    result = hitotsu("mapping", "diff", kit / "mapping.yaml", new)
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    assert "groups.026.shikakujoho.items.sosashaid constant: HOST field: yobi" in shown
    same = hitotsu("mapping", "diff", kit / "mapping.yaml", kit / "mapping.yaml")
    assert "no difference" in same.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("encoding: jef", "encoding: ebcdic", "changed.yaml:7:37 error: reads.shikaku.file.fixed"),
        ("nenkin.cpy", "missing.cpy", "missing.cpy: FileNotFoundError [bad-copybook]"),
    ],
)
def test_what_cannot_be_used_ends_in_one_line(hitotsu, kit, old, new, said):
    """Which encoding, which file."""
    wrong = changed(kit, old, new)
    result = hitotsu("mapping", "coverage", wrong, kit / "nenkin.dat")
    assert result.exit_code == 1
    assert said in " ".join(result.stdout.split())
    assert "changed.yaml has errors" in result.stderr


def test_a_mapping_without_files_has_nothing_to_preview(hitotsu, kit):
    """It says which reads there are."""
    text = "language: 1\nsystem: x\nversion: 1.0.0\nreads:\n  a: {sql: {statement: SELECT 1}}\n"
    text += "groups:\n  002.inkantorokujoho:\n    read: a\n    subject: no\n    items:\n"
    text += "      atenabango: {field: no}\n      rirekibango: {field: r}\n"
    text += "      inkantorokubango: {field: b}\n"
    other = kit / "other.yaml"
    other.write_text(text + "      torokunengappi: {absent: not-supplied}\n", "utf-8")
    result = hitotsu("mapping", "coverage", other, kit / "nenkin.dat")
    assert result.exit_code == 1
    assert "choose a read of files" in result.stderr


def test_a_mapping_goes_into_a_workbook_and_back(hitotsu, kit):
    """What comes back makes no difference; nothing is written over."""
    book, back = kit / "mapping.xlsx", kit / "back.yaml"
    assert hitotsu("mapping", "to-xlsx", kit / "mapping.yaml", book).exit_code == 0
    assert hitotsu("mapping", "to-xlsx", kit / "mapping.yaml", book).exit_code == 1
    assert hitotsu("mapping", "from-xlsx", book, back).exit_code == 0
    assert "no difference" in hitotsu("mapping", "diff", kit / "mapping.yaml", back).stdout
    shutil.copy(kit / "nenkin.dat", kit / "again.dat")
    assert hitotsu("mapping", "coverage", back, kit / "again.dat").exit_code == 0


def test_a_workbook_with_slips_names_them_all(hitotsu, kit):
    """By sheet and cell, and nothing is written."""
    book = kit / "mapping.xlsx"
    hitotsu("mapping", "to-xlsx", kit / "mapping.yaml", book)
    opened = openpyxl.load_workbook(book)
    opened["項目マッピング"]["G3"] = "?"
    opened["外字"]["A2"] = "?"
    opened.save(book)
    result = hitotsu("mapping", "from-xlsx", book, kit / "back.yaml")
    assert result.exit_code == 1
    assert "mapping.xlsx:項目マッピング!G3" in result.stdout
    assert not (kit / "back.yaml").exists()
    assert hitotsu("mapping", "from-xlsx", kit / "nenkin.dat", kit / "back.yaml").exit_code == 1


@pytest.mark.parametrize("kind", ["copybook", "csv", "sheet"])
def test_a_draft_comes_from_what_a_vendor_has(hitotsu, kit, kind):
    """A copybook with data, a CSV file with its header, or a layout sheet; never written over."""
    if kind == "copybook":
        source = [kit / "nenkin.cpy", "--data", kit / "nenkin.dat", "--encoding", "jef"]
    elif kind == "csv":
        (kit / "layout.csv").write_text("宛名番号,shubetsu\n000000047112,1\n", "utf-8")
        source = [kit / "layout.csv"]
    else:
        book = openpyxl.Workbook()
        for row in (["レイアウト"], ["No", "項目名", "物理名"], [1, "宛名番号", "F001"]):
            book.worksheets[0].append(row)
        book.save(kit / "layout.xlsx")
        source = [kit / "layout.xlsx"]
    out = kit / "draft.yaml"
    command = ["mapping", "suggest", *source, "--group", "026.shikakujoho", "--out", out]
    result = hitotsu(*command)
    assert result.exit_code == 0, result.output
    assert "宛名番号 1.00" in out.read_text("utf-8")
    assert hitotsu(*command).exit_code == 1


def test_a_draft_of_nothing_says_what_is_missing(hitotsu, kit):
    """A group that is none, a layout that cannot be read."""
    out = kit / "draft.yaml"
    unknown = hitotsu(
        "mapping", "suggest", kit / "nenkin.cpy", "--group", "026.nashi", "--out", out,
        "--encoding", "jef",
    )  # fmt: skip
    assert (unknown.exit_code, "there is no group 026.nashi" in unknown.stderr) == (1, True)
    (kit / "empty.csv").write_text("", "utf-8")
    empty = hitotsu(
        "mapping", "suggest", kit / "empty.csv", "--group", "026.shikakujoho", "--out", out
    )
    assert (empty.exit_code, "no header row" in empty.stderr) == (1, True)
    assert not out.exists()


def test_a_layout_sheet_becomes_a_copybook_with_its_names_in_the_draft(hitotsu, kit):
    """A slip of the sheet is named by its row, and nothing is written."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["項目名", "物理名", "型", "桁", "位置"], ["宛名番号", "ATENA-NO", "数字", 12, 2]):
        sheet.append(row)
    book.save(kit / "layout.xlsx")
    copybook = ["mapping", "copybook", kit / "layout.xlsx", kit / "teate.cpy"]
    wrong = hitotsu(*copybook)
    assert (wrong.exit_code, "Sheet!2: place 2 of ATENA-NO" in wrong.stdout) == (1, True)
    assert not (kit / "teate.cpy").exists()
    sheet["E2"] = 1
    book.save(kit / "layout.xlsx")
    assert hitotsu(*copybook).exit_code == 0
    assert hitotsu(*copybook).exit_code == 1
    drafted = hitotsu(
        "mapping", "suggest", kit / "teate.cpy", "--names", kit / "layout.xlsx",
        "--encoding", "jef", "--group", "022.techojoho", "--out", kit / "draft.yaml",
    )  # fmt: skip
    assert drafted.exit_code == 0
    assert 'atena_no: {name: "宛名番号"}' in (kit / "draft.yaml").read_text("utf-8")


def test_a_workbook_that_is_no_layout_makes_no_copybook(hitotsu, kit):
    """It has no heading row."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["改版履歴"])
    book.save(kit / "layout.xlsx")
    result = hitotsu("mapping", "copybook", kit / "layout.xlsx", kit / "teate.cpy")
    assert (result.exit_code, "heading row" in result.stderr) == (1, True)
