"""The generator makes the same town again, and every system counts the same people."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from examples.town.generate import generate
from examples.town.model.people import REFERENCE_DAY, Group
from examples.town.model.population import groups


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_and_size_give_the_same_bytes(tmp_path: Path) -> None:
    """Two runs write byte-identical files."""
    for run in ("one", "two"):
        generate(tmp_path / run, seed=7, households=150)
    assert _digests(tmp_path / "one") == _digests(tmp_path / "two")


def test_another_seed_gives_another_town(tmp_path: Path) -> None:
    """The seed decides who lives in the town."""
    for seed in (1, 2):
        generate(tmp_path / str(seed), seed=seed, households=150)
    name = "resident/jkatena.tsv"
    assert _digests(tmp_path / "1")[name] != _digests(tmp_path / "2")[name]


def test_a_town_too_small_for_its_stories_is_refused(tmp_path: Path) -> None:
    """Fewer than 120 households cannot hold everybody that tests look for."""
    with pytest.raises(ValueError, match="at least 120 households"):
        generate(tmp_path, households=119)


def test_the_town_has_as_many_households_as_asked_for(town: Any) -> None:
    """300 households were asked for, 300 rows of JKSETAI are there."""
    rows = (town.folder / "resident" / "jksetai.tsv").read_text("utf-8").splitlines()
    assert len(rows) == 300


def _current_residents(folder: Path) -> dict[str, list[str]]:
    """Return the newest row of everybody; what nobody has decided on (仮登録) is not there."""
    newest: dict[str, list[str]] = {}
    for line in (folder / "resident" / "jkatena.tsv").read_text("utf-8").splitlines():
        columns = line.split("\t")
        if columns[5] == "90":
            continue
        before = newest.get(columns[1])
        if before is None or int(columns[2]) > int(before[2]):
            newest[columns[1]] = columns
    return {number.rstrip(): columns for number, columns in newest.items()}


def test_everybody_of_the_register_is_in_the_truth_and_nobody_else(town: Any) -> None:
    """The 宛名番号 of JKATENA and of the truth about 001 are the same set."""
    truth = town.truth("001.juminkihonjoho")
    numbers = [line["subject"]["resident"] for line in truth]
    assert len(numbers) == len(set(numbers))
    assert set(numbers) == set(_current_residents(town.folder))


def test_households_have_exactly_the_members_that_are_still_residents(town: Any) -> None:
    """The truth about household members lists who is 現存 under the same 世帯番号 now."""
    current = _current_residents(town.folder)
    expected: dict[str, set[str]] = {}
    for number, columns in current.items():
        if columns[5] in {"00", "01"}:
            expected.setdefault(columns[3].rstrip(), set()).add(number)
    found = {
        line["records"][0]["setaibango"]["value"]: {
            record["setaiin_atenabango"]["value"] for record in line["records"]
        }
        for line in town.truth("001.setaiinjoho")
    }
    assert found == expected


def test_tax_rows_of_the_current_year_and_the_truth_agree_in_number(town: Any) -> None:
    """Everybody with a row for R08 has one line in the truth about 010."""
    with sqlite3.connect(town.folder / "tax" / "zeimu.db") as database:
        rows = database.execute("SELECT DISTINCT kojin_no FROM kazei WHERE nendo = 2026").fetchall()
    lines = [line["subject"]["tax"] for line in town.truth("010.kazeikihonjoho")]
    assert sorted(lines) == sorted(row[0] for row in rows)


def test_welfare_rows_and_the_truth_agree_in_number(town: Any) -> None:
    """Everybody with an allowance in the product has one line in the truth about 027."""
    with sqlite3.connect(town.folder / "welfare" / "fukushi.db") as database:
        rows = database.execute("SELECT fukushi_no FROM kojin WHERE jido_teate <> ''").fetchall()
    lines = [line["subject"]["welfare"] for line in town.truth("027.jukyushikakujoho")]
    assert sorted(lines) == sorted(row[0] for row in rows)


def test_the_table_of_numbers_names_every_number_of_every_system_once(town: Any) -> None:
    """番号対照表 reconciles with the three systems; a person only in tax has no 宛名番号."""
    with (town.folder / "bangotaisho.csv").open(encoding="cp932", newline="") as file:
        rows = list(csv.DictReader(file))
    taxes = [row["税個人番号"] for row in rows if row["税個人番号"]]
    assert len(taxes) == len(set(taxes))
    with sqlite3.connect(town.folder / "tax" / "zeimu.db") as database:
        assert set(taxes) == {row[0] for row in database.execute("SELECT kojin_no FROM kojin")}
    residents = {row["宛名番号"] for row in rows} - {""}
    assert residents == set(_current_residents(town.folder))
    outsider = town.people["outsider"]["tax"][0]
    assert [row["宛名番号"] for row in rows if row["税個人番号"] == outsider] == [""]
    assert {row["照合根拠"] for row in rows} == {"個人番号一致", "職員確認"}


def test_two_tax_numbers_of_one_person_have_two_rows_with_one_resident_number(town: Any) -> None:
    """Somebody taxed here before moving in is linked under both numbers."""
    numbers = town.people["two_tax_numbers"]
    with (town.folder / "bangotaisho.csv").open(encoding="cp932", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["税個人番号"] in numbers["tax"]]
    assert len(numbers["tax"]) == 2
    assert {row["宛名番号"] for row in rows} == {numbers["resident"]}


@pytest.fixture(scope="module")
def everybody() -> list[Group]:
    """The people of a town of 1,000 households."""
    return list(groups(3, 1000))


def test_nothing_in_the_register_happens_after_the_reference_day(everybody: list[Group]) -> None:
    """Entries follow each other in time and end before 令和8年10月1日."""
    for group in everybody:
        for person in group.people:
            processed = [entry.processed for entry in person.entries]
            assert processed == sorted(processed)
            assert all(day < REFERENCE_DAY for day in processed)
            done = [e for e in person.entries if e.state != "leaving"]
            assert all(e.on.day is None or e.on.day <= e.processed for e in done)


def test_a_move_out_that_is_planned_has_the_planned_day(everybody: list[Group]) -> None:
    """転出予定: notified before the reference day, for a day behind it."""
    leaving = [p for g in everybody for p in g.people if p.entries and p.current.state == "leaving"]
    assert [(p.current.reason, p.current.on.day) for p in leaving] == [
        ("moved-out", dt.date(2026, 10, 15))
    ]
    assert all(p.current.processed < REFERENCE_DAY for p in leaving)


def test_every_household_with_residents_has_one_head(everybody: list[Group]) -> None:
    """One member is 世帯主, and it is the one the household names."""
    for group in everybody:
        named = {household.number: household.head for household in group.households}
        heads: dict[str, list[str]] = {}
        for person in group.people:
            if person.is_resident:
                household = heads.setdefault(person.current.household, [])
                if person.current.relation == ("head",):
                    household.append(person.number)
        assert {number: [named[number]] for number in heads} == heads
