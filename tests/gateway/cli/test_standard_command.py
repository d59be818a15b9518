"""`hitotsu standard`: staff look at the standard, import a newer edition and see what it means."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from gateway.editions import EditionsError, open_dictionary
from gateway.settings import Settings
from standard_models.builtin import load_builtin

WORKBOOKS = Path(__file__).parents[2] / "standard_models" / "workbooks"
LIST = WORKBOOKS / "031_item_definition.xlsx"
API = WORKBOOKS / "031_fuban_api_spec_2.0.xlsx"
TOWN = ("-m", "999997")

# Editions are files: these commands open no database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def editions(installation, monkeypatch):
    folder = installation / "editions"
    monkeypatch.setenv("HITOTSU_EDITIONS_DIR", str(folder))
    return folder


def narrower(tmp_path: Path) -> Path:
    """Return the list as a later edition might be: 氏名 shorter, one code gone, one item new."""
    book = openpyxl.load_workbook(LIST)
    items, codes = book.worksheets[0], book.worksheets[1]
    items["M9"] = 40
    items["E17"] = "seibetsukodo"
    codes["C8"], codes["D8"] = "9", "その他"
    target = tmp_path / "later.xlsx"
    book.save(target)
    return target


def test_every_business_is_listed_and_what_is_provisional_says_so(hitotsu, editions):
    """001 to 039; 031 has the official list in force and its API beside it."""
    result = hitotsu("standard", "list")
    assert result.exit_code == 0, result.output
    for number in range(1, 40):
        assert f"{number:03}" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("  031")]
    assert [("official-20230929" in row, "○" in row) for row in rows] == [
        (True, True),
        (False, False),
    ]
    assert "暫定 / provisional" in result.stdout


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("031", "jutogaishaatenakihonjoho"),
        ("031.jutogaishaatenakihonjoho", "daihyoatenafuragu"),
        ("031.jutogaishaatenakihonjoho.seibetsu", "2 女"),
        ("03100011", "2 女"),
        ("031Q0018", "official-api-2.0"),
        ("001.juminkihonjoho.shimei", "暫定 / provisional"),
    ],
)
def test_a_business_a_group_or_an_item_is_shown(hitotsu, editions, ref, said):
    """By reference or by official id."""
    result = hitotsu("standard", "show", ref)
    assert (result.exit_code, said in result.stdout) == (0, True), result.output


def test_another_edition_is_shown_on_request(hitotsu, editions):
    """With its error codes, where it is an API."""
    result = hitotsu("standard", "show", "031", "--edition", "official-api-2.0")
    assert "E0004 相関チェックエラー" in result.stdout


@pytest.mark.parametrize("ref", ["999", "031.nashi", "031.jutogaishaatenakihonjoho.nashi"])
def test_what_is_not_there_is_said_and_how_to_find_it(hitotsu, editions, ref):
    """The search is named."""
    result = hitotsu("standard", "show", ref)
    assert (result.exit_code, "hitotsu standard search" in result.stderr) == (1, True)


@pytest.mark.parametrize("query", ["生年月日", "date of birth", "seinengappi", "03100012"])
def test_an_item_is_found_in_japanese_english_romaji_or_by_id(hitotsu, editions, query):
    """The same item by four ways."""
    result = hitotsu("standard", "search", query, "--limit", "1000")
    assert (result.exit_code, "03100012" in result.stdout) == (0, True), result.output


def test_nothing_found_is_said(hitotsu, editions):
    """Exit code 1."""
    result = hitotsu("standard", "search", "存在しない項目")
    assert (result.exit_code, "ありません" in result.stderr) == (1, True)


def test_two_editions_are_compared(hitotsu, editions):
    """町字 is wider, 読み仮名 is called フリガナ."""
    result = hitotsu("standard", "diff", "031", "official-20230929", "official-api-2.0")
    assert result.exit_code == 0, result.output
    assert "桁数の拡大：18 → 120" in result.stdout
    assert "shimei_furigana" in result.stdout
    assert "対応表への影響：18 件" in result.stdout
    assert "reference-tax" in result.stdout
    assert "許可への影響：ありません" in result.stdout


def test_an_import_tells_what_changed_and_what_grants_lose(ready, editions, tmp_path):
    """Narrowed, renamed, lost codes; the grant is named; a dry run writes nothing."""
    granted = ready(
        *("client", "grant", "online", *TOWN, "--purpose", "jidoteate"),
        *("--item", "031.jutogaishaatenakihonjoho.seibetsu"),
    )
    assert granted.exit_code == 0, granted.output
    result = ready(
        "standard", "import", str(narrower(tmp_path)), "--edition", "official-later", "--dry-run"
    )
    assert result.exit_code == 0, result.output
    assert "桁数の縮小：100 → 40" in result.stdout
    assert "コードの廃止：2 女" in result.stdout
    assert "許可への影響：1 件" in result.stdout
    assert "名前が変わります（性別 seibetsukodo）" in result.stdout
    assert "何も書き込んでいません" in result.stdout
    assert not editions.exists()


def test_an_imported_edition_is_installed_and_in_force_only_when_a_setting_says_so(
    hitotsu, editions, tmp_path, monkeypatch
):
    """Mappings and grants speak of the edition they were made for: nothing switches by itself."""
    result = hitotsu("standard", "import", str(narrower(tmp_path)), "--edition", "official-later")
    assert result.exit_code == 0, result.output
    assert "HITOTSU_EDITIONS_IN_FORCE" in result.stdout
    before = open_dictionary(Settings())
    assert before.find_edition("031", "official-later") is not None
    assert before.groups["031.jutogaishaatenakihonjoho"].item("shimei").length == 100
    monkeypatch.setenv("HITOTSU_EDITIONS_IN_FORCE", '{"031": "official-later"}')
    after = open_dictionary(Settings())
    assert after.groups["031.jutogaishaatenakihonjoho"].item("shimei").length == 40
    again = hitotsu("standard", "import", str(narrower(tmp_path)), "--edition", "official-later")
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)


def test_a_broken_workbook_imports_nothing_and_names_its_cells(hitotsu, editions, tmp_path):
    """Sheet, cell, content and rule; exit code 1."""
    book = openpyxl.load_workbook(LIST)
    book.worksheets[0]["L9"] = "ZZ"
    path = tmp_path / "broken.xlsx"
    book.save(path)
    result = hitotsu("standard", "import", str(path), "--edition", "official-later")
    assert result.exit_code == 1
    assert "L9" in result.stdout
    assert "取り込みませんでした" in result.stderr
    assert not editions.exists()


def test_an_api_specification_needs_its_business(hitotsu, editions):
    """It is not in the workbook, and not guessed."""
    result = hitotsu("standard", "import", str(API), "--edition", "official-api-later")
    assert (result.exit_code, "--business" in result.stderr) == (1, True)


def test_an_edition_in_force_that_is_not_installed_is_refused_at_the_start(
    hitotsu, editions, monkeypatch
):
    """In one line; the gateway does not start with a list that nobody has."""
    monkeypatch.setenv("HITOTSU_EDITIONS_IN_FORCE", '{"031": "official-2099"}')
    with pytest.raises(EditionsError, match="official-2099 of 031 is not installed"):
        open_dictionary(Settings())
    result = hitotsu("standard", "list")
    assert (result.exit_code, "official-2099" in result.stderr) == (3, True)


def test_without_imported_editions_the_dictionary_is_that_of_the_package(editions, installation):
    """Beside it stand the facts that are worked out from its items; nothing is loaded twice."""
    opened = open_dictionary(Settings())
    assert [e for e in opened.editions if e.business_id != "hantei"] == [*load_builtin().editions]
    assert all(opened.find_group(ref) is group for ref, group in load_builtin().groups.items())
