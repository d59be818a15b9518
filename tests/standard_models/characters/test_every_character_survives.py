"""Every character of the repertoire survives JSON, CSV, SQLite and PostgreSQL and back."""

from __future__ import annotations

import csv
import io
import json

import orjson
import pytest
import sqlalchemy as sa

from gateway.store.engine import Store
from standard_models.characters.repertoire import mj
from standard_models.values.text import character_length, is_full_width, iter_characters

ALL = sorted(mj().sequences)


def test_there_are_as_many_as_the_tables_have() -> None:
    """Code points, bases with selectors, and the signs of JIS X 0213."""
    assert len(ALL) == 65_257


def test_through_json() -> None:
    """Escaped and unescaped, by the standard library and by the one that answers."""
    assert json.loads(json.dumps(ALL)) == ALL
    assert json.loads(json.dumps(ALL, ensure_ascii=False)) == ALL
    assert orjson.loads(orjson.dumps(ALL)) == ALL


def test_through_csv() -> None:
    """Each in a field of its own, in UTF-8 with a byte order mark."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([character, "次"] for character in ALL)
    content = stream.getvalue().encode("utf-8-sig").decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(content, newline=""))] == ALL


async def test_through_the_database(store: Store) -> None:
    """SQLite and PostgreSQL, as text, found again by equality."""
    table = sa.Table(
        "characters_that_survive",
        sa.MetaData(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("character", sa.Text, nullable=False),
    )
    async with store.engine.begin() as connection:
        await connection.run_sync(table.create)
        rows = [{"number": n, "character": c} for n, c in enumerate(ALL)]
        for start in range(0, len(rows), 5_000):
            await connection.execute(sa.insert(table), rows[start : start + 5_000])
        read = await connection.execute(sa.select(table.c.character).order_by(table.c.number))
        assert list(read.scalars()) == ALL
        for awkward in ("\ufa1b", "福", "辻\U000e0102", "𠮷"):
            query = sa.select(table.c.number).where(table.c.character == awkward)
            assert (await connection.execute(query)).scalars().all() == [ALL.index(awkward)]


def test_each_is_one_character_as_people_see_it_and_full_width() -> None:
    """Lengths of items count them so."""
    wrong = [c for c in ALL if character_length(c) != 1 and len(list(iter_characters(c))) != 1]
    assert wrong == []
    assert [c for c in ALL if not is_full_width(c)] == []


def test_a_sign_of_two_code_points_is_one_character() -> None:
    """か with a half-voiced mark, as JIS X 0213 has it."""
    pair = "か\u309a"
    if pair not in mj().sequences:
        pytest.fail("JIS X 0213 has か with a half-voiced mark")
    assert list(iter_characters(pair)) == [pair]
