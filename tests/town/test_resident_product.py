"""The resident product over PostgreSQL's own protocol."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from examples.town.legacy.process import DidNotStart, LegacyProcess

pytestmark = pytest.mark.town


async def _connect(process: LegacyProcess, password: str = "machi-ro") -> asyncpg.Connection:
    return await asyncpg.connect(
        host="127.0.0.1", port=process.port, user="machi_ro", password=password, database="juki"
    )


async def _current(connection: asyncpg.Connection, number: str) -> asyncpg.Record:
    return await connection.fetchrow(
        "SELECT * FROM JKATENA WHERE ATENA_NO = $1 ORDER BY RIREKI_NO DESC LIMIT 1", number
    )


async def test_a_resident_is_read_as_the_document_describes(
    resident_system: LegacyProcess, town: Any
) -> None:
    """Padded columns, vendor codes, 7-digit dates, half-width kana."""
    connection = await _connect(resident_system)
    try:
        row = await _current(connection, town.people["two_children"]["resident"])
    finally:
        await connection.close()
    assert row["atena_no"] == town.people["two_children"]["resident"] + "   "
    assert row["simei"] == "佐藤　誠" + "　" * 56
    assert row["kana"] == "ｻﾄｳ ﾏｺﾄ".ljust(80)
    assert (row["sei_ymd"], row["seibetu"], row["zoku"]) == ("4020612", "1", "01000000")
    assert (row["jumin_sbt"], row["jumin_jotai"], row["ido_jiyu"]) == ("N", "00", "A1")


async def test_the_highest_history_number_is_current_and_complete(
    resident_system: LegacyProcess, town: Any
) -> None:
    """The split and the move left three rows; only the last has the new address."""
    connection = await _connect(resident_system)
    try:
        rows = await connection.fetch(
            "SELECT * FROM JKATENA WHERE ATENA_NO = $1 ORDER BY RIREKI_NO",
            town.people["victim"]["resident"],
        )
    finally:
        await connection.close()
    assert [row["rireki_no"] for row in rows] == [1, 2, 3]
    assert [row["ido_jiyu"] for row in rows] == ["A1", "C2", "B1"]
    assert rows[0]["setai_no"] != rows[1]["setai_no"] == rows[2]["setai_no"]
    assert rows[1]["banti"] == rows[0]["banti"] != rows[2]["banti"]
    assert {row["sei_ymd"] for row in rows} == {"4021021"}


async def test_unknown_dates_are_zeros_with_the_sentence_only_where_needed(
    resident_system: LegacyProcess, town: Any
) -> None:
    """日不詳 is 00, 年月日不詳 is all zeros, 頃 has its sentence."""
    connection = await _connect(resident_system)
    try:
        found = {}
        for who in ("day_unknown", "wholly_unknown", "about_year", "non_calendar_day"):
            row = await _current(connection, town.people[who]["resident"])
            found[who] = (row["sei_ymd"], row["sei_fusyo"])
    finally:
        await connection.close()
    assert found == {
        "day_unknown": ("3600200", ""),
        "wholly_unknown": ("0000000", ""),
        "about_year": ("3110000", "昭和１１年頃"),
        "non_calendar_day": ("3340229", ""),
    }


async def test_lookups_use_an_index_with_and_without_padding(
    resident_system: LegacyProcess, town: Any
) -> None:
    """A number bound as text is found by an index, not by reading the table."""
    number = town.people["victim"]["resident"]
    connection = await _connect(resident_system)
    try:
        await connection.execute("SET enable_seqscan = off")
        for cast in ("bpchar", "varchar"):
            plan = await connection.fetch(
                f"EXPLAIN SELECT * FROM JKATENA WHERE ATENA_NO = $1::{cast}", number
            )
            assert "Index Cond" in "\n".join(line[0] for line in plan)
    finally:
        await connection.close()


async def test_the_reader_can_change_nothing(resident_system: LegacyProcess) -> None:
    """Updates are refused, and so is a wrong password."""
    connection = await _connect(resident_system)
    try:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("DELETE FROM JKATENA")
        await connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM JKATENA")
    finally:
        await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _connect(resident_system, "guess")


async def test_the_control_table_states_the_time_of_the_data(
    resident_system: LegacyProcess,
) -> None:
    """JKSEIGYO has one row with the data time and the version of the product."""
    connection = await _connect(resident_system)
    try:
        rows = await connection.fetch("SELECT KIJUN_TS, HAN FROM JKSEIGYO")
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [("20261001093000", "7.3.1")]


async def test_after_kill_9_it_starts_again_over_the_same_folder(
    town: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A power cut loses nothing; the port stays the same; a quiet stop ends with status 0."""
    folder = tmp_path_factory.mktemp("second")
    (folder / "resident").mkdir()
    for path in (town.folder / "resident").iterdir():
        if path.is_file():
            (folder / "resident" / path.name).write_bytes(path.read_bytes())
    process = LegacyProcess("resident", folder)
    process.start()
    port = process.port
    process.kill()
    process.start()
    try:
        assert process.port == port
        connection = await _connect(process)
        count = await connection.fetchval(
            "SELECT count(DISTINCT ATENA_NO) FROM JKATENA WHERE JUMIN_JOTAI <> '90'"
        )
        await connection.close()
    finally:
        status = process.stop()
    assert count == len(town.truth("001.juminkihonjoho"))
    assert status == 0


def test_without_its_files_it_says_so_instead_of_starting(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A folder without tables cannot be loaded."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "resident").mkdir()
    with pytest.raises(DidNotStart):
        LegacyProcess("resident", folder).start()
