"""Reference data: complete, licensed, looked up by the ids that data uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import standard_models
from standard_models.reference.businesses import businesses, find_business
from standard_models.reference.municipalities import find_municipality

ROOT = Path(standard_models.__file__).parent
REFERENCE = sorted(
    p for p in (ROOT / "reference").iterdir() if p.is_file() and p.suffix not in {".py", ".md"}
)
EDITIONS = sorted(p for p in (ROOT / "editions").glob("*/*") if p.is_dir())


CHARACTERS = sorted(
    p.name
    for p in (ROOT / "reference" / "characters").iterdir()
    if p.name not in {"README.md", "LICENSE"}
)


def test_the_character_data_has_a_licence_of_its_own() -> None:
    """Share-alike data lives in one folder, with its licence and where each file comes from."""
    folder = ROOT / "reference" / "characters"
    assert "Attribution-ShareAlike 2.1 Japan" in (folder / "LICENSE").read_text("utf-8")
    readme = (folder / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|(.+)\|(.+)\|(.+)\|$", readme, re.M)
    assert sorted(name for name, *_ in rows) == CHARACTERS


def entries(folder: str) -> set[str]:
    text = (ROOT / folder / "LICENCES.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|(.+)\|(.+)\|$", text, re.M)
    return {name for name, origin, licence in rows if origin.strip() and licence.strip()}


@pytest.mark.parametrize("path", REFERENCE, ids=lambda p: p.name)
def test_every_file_of_reference_data_has_a_licence_entry(path: Path) -> None:
    """A file without an entry in LICENCES.md fails here."""
    assert path.name in entries("reference")


@pytest.mark.parametrize("path", EDITIONS, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_every_edition_has_a_licence_entry(path: Path) -> None:
    """So does an edition, and it holds only the files of an edition."""
    assert f"{path.parent.name}/{path.name}" in entries("editions")
    assert {p.name for p in path.iterdir()} - {"api.yaml"} == {
        "edition.yaml",
        "items.csv",
        "codes.csv",
        "labels_en.csv",
    }


def test_no_licence_entry_is_left_behind() -> None:
    """An entry names a file that is there."""
    assert entries("reference") == {p.name for p in REFERENCE}
    assert entries("editions") == {f"{p.parent.name}/{p.name}" for p in EDITIONS}


def test_the_data_of_the_digital_agency_is_attributed() -> None:
    """Source named, and that it was edited."""
    text = (ROOT / "editions" / "LICENCES.md").read_text("utf-8")
    assert "デジタル庁" in text
    assert "加工して作成" in text


def test_businesses_are_found_by_id_with_or_without_branch() -> None:
    """Only the 業務ID is used in data; of 033 no name is known."""
    child_allowance = find_business("027")
    assert child_allowance is not None
    assert (child_allowance.name, child_allowance.label_en) == ("児童手当", "Child allowance")
    assert find_business("019-1") == businesses()["019"]
    unnamed = find_business("033")
    assert unnamed is not None
    assert unnamed.name == "（名称未確認）"
    assert find_business("040") is None
    assert find_business("27") is None
    assert len(businesses()) == 39


def test_municipalities_are_found_by_their_six_digits() -> None:
    """An unknown code is not an error of the list."""
    found = find_municipality("131016")
    assert found is not None
    assert (found.prefecture, found.name) == ("東京都", "千代田区")
    assert find_municipality("999997") is None
