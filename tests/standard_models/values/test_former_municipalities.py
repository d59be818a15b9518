"""Municipalities that are no more: told by code, by name and by day, never replaced."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from standard_models.reference.former_municipalities import (
    COLUMNS,
    FormerMunicipalities,
    MunicipalityState,
    former_municipalities,
)
from standard_models.reference.municipalities import municipalities
from standard_models.values.address_reading import (
    AddressTables,
    municipality_quality,
    parse_address,
)
from standard_models.values.addresses import AddressKind

HEAD = ",".join(COLUMNS)
URAWA = "112046,埼玉県,浦和市,2001-05-01,111007,総務省,K"
IN_FORCE, ABOLISHED, UNKNOWN = MunicipalityState


def table(tmp_path: Path, *rows: str) -> FormerMunicipalities:
    path = tmp_path / "former.csv"
    path.write_text("\n".join(("\ufeff" + HEAD, *rows)) + "\n", "utf-8")
    return FormerMunicipalities.read(path)


def codes(text: str, tables: AddressTables) -> list[str]:
    reading = parse_address(text, tables)
    assert reading.address is not None
    assert reading.address.whole == text
    return [quality.code for quality in reading.quality]


@pytest.mark.parametrize(
    ("name", "day", "state"),
    [
        ("浦和市", dt.date(2001, 4, 30), IN_FORCE),
        ("浦和市", dt.date(2001, 5, 1), ABOLISHED),
        ("さいたま市", dt.date(2026, 4, 1), IN_FORCE),
        ("架空市", dt.date(2026, 4, 1), UNKNOWN),
    ],
)
def test_a_name_means_something_on_a_day(name: str, day: dt.date, state: MunicipalityState) -> None:
    """In its prefecture, until the day before the merger."""
    assert former_municipalities().find_named("埼玉県", name, day).state is state


def test_a_name_that_several_bore_is_not_decided(tmp_path: Path) -> None:
    """Two abolished municipalities of one name and prefecture: unknown, both are listed."""
    second = "112054,埼玉県,浦和市,2001-05-01,111007,総務省,K"
    former = table(tmp_path, URAWA, second)
    assert former.find_named("埼玉県", "浦和市", dt.date(2000, 1, 1)).state is UNKNOWN
    assert len(former.named("埼玉県", "浦和市")) == 2
    tables = AddressTables(former=former)
    assert codes("埼玉県浦和市みどり１番地", tables) == ["ADDRESS_NOT_SPLIT"]


def test_the_table_of_the_town_is_the_one_that_counts(tmp_path: Path) -> None:
    """And for a day before the merger nothing is told."""
    own = table(tmp_path, "112054,埼玉県,見本市,2001-05-01,111007,総務省,V")
    text, told = "埼玉県見本市みどり１番地", ["ADDRESS_NOT_SPLIT", "MUNICIPALITY_ABOLISHED"]
    assert codes(text, AddressTables(former=own)) == told
    assert codes(text, AddressTables(former=own, day=dt.date(2001, 5, 1))) == told
    assert codes(text, AddressTables(former=own, day=dt.date(2001, 4, 30))) == told[:1]
    assert codes(text, AddressTables()) == told[:1]


def test_a_recorded_code_of_an_abolished_municipality_is_told() -> None:
    """From the day of the merger; a code of today is not."""
    (told,) = municipality_quality("222046", dt.date(2003, 4, 1))
    assert (told.code, told.params) == (
        "MUNICIPALITY_ABOLISHED",
        {"abolished_on": "2003-04-01"},
    )
    assert municipality_quality("222046", dt.date(2003, 3, 31)) == ()
    assert municipality_quality("131016", dt.date(2026, 4, 1)) == ()
    assert municipality_quality("999997", dt.date(2026, 4, 1)) == ()


def test_no_abolished_municipality_hides_one_of_today() -> None:
    """A text that begins with a municipality of the present list is never told abolished."""
    for place in municipalities().values():
        found = parse_address(f"{place.prefecture}{place.name}みどり")
        assert "MUNICIPALITY_ABOLISHED" not in [quality.code for quality in found.quality]


def test_everything_that_is_wrong_in_a_table_is_named_at_once(tmp_path: Path) -> None:
    """Rows too short and too long, a wrong mark, a day in digits, two codes in one cell."""
    rows = (
        "112046,埼玉県,浦和市",
        URAWA + ",more",
        URAWA.removesuffix("K") + "Q",
        URAWA.replace("2001-05-01", "20010501"),
        URAWA.replace("2001-05-01", "2001-02-30"),
        URAWA.replace("112046", "112046 112054"),
        URAWA,
    )
    with pytest.raises(ValueError, match=r"former\.csv: row 2") as raised:
        table(tmp_path, *rows)
    assert str(raised.value) == "former.csv: " + "; ".join(
        (
            "row 2, column code: the row has 3 cells, the header 7",
            "row 3, column code: the row has 8 cells, the header 7",
            "row 4, column mark: must be V or K",
            "row 5, column abolished_on: must be a day as 2026-04-01",
            "row 6, column abolished_on: must be a day as 2026-04-01",
            "row 7, column code: must be six digits with their check digit",
        )
    )


def test_a_file_without_a_table_is_refused(tmp_path: Path) -> None:
    """Empty, or with a quote that is not closed."""
    path = tmp_path / "former.csv"
    for content, said in (("", "columns must be"), (HEAD + '\n"112046', "no CSV")):
        path.write_text(content, "utf-8")
        with pytest.raises(ValueError, match=said):
            FormerMunicipalities.read(path)


@pytest.mark.parametrize(
    "text", ["住所不定", "住居不定", "居所不明", "住所不明", "不明", "不詳", "住所不詳", "無"]
)
def test_a_recorded_absence_of_an_address_is_a_state_of_its_own(text: str) -> None:
    """Kept as recorded and told; it is not missing."""
    reading = parse_address(text)
    assert reading.address is not None
    assert (reading.address.kind, reading.address.whole) == (AddressKind.UNKNOWN, text)
    assert [(q.code, q.severity.value) for q in reading.quality] == [("ADDRESS_UNKNOWN", "I")]
