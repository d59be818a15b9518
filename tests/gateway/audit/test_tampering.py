"""AU-3: what a database owner changes is found and located, on both databases."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, text

from gateway.audit import leaf_hash
from gateway.audit.tree import Fault, Finding, Head, TreeStore, verify
from gateway.audit.tree import offline_verifier as verifier
from gateway.audit.tree.export import iter_export, plan_export
from gateway.keys import FileKeyStore
from gateway.store.engine import Store
from gateway.store.tables import AuditRow
from tests.gateway.audit.grown import as_owner, insert_row, tree_over, write_rows

ROWS = 700


@pytest.fixture
async def anchors(store: Store, keys: FileKeyStore) -> list[Head]:
    """Seven hundred rows under three heads, and the heads as they stand outside."""
    tree = tree_over(store, keys)
    heads = []
    for count in (300, 200, 200):
        await write_rows(store, count)
        head = await tree.seal()
        assert head is not None
        heads.append(head)
    return heads


async def found(store: Store, keys: FileKeyStore, anchors=()) -> Finding | None:
    return (await verify(TreeStore(store), keys.keys().heads, anchors)).finding


async def test_a_record_that_nobody_touched_is_whole(store: Store, keys: FileKeyStore, anchors):
    """Every row, head and head from outside is counted; younger rows are read as well."""
    await write_rows(store, 5)
    seen: list[tuple[int, int]] = []
    verdict = await verify(
        TreeStore(store), keys.keys().heads, anchors, lambda *now: seen.append(now)
    )
    assert verdict.finding is None
    assert (verdict.rows, verdict.sealed, verdict.heads, verdict.anchors) == (705, 700, 3, 3)
    assert verdict.root == anchors[-1].root.hex()
    assert seen[-1] == (705, 705)


@pytest.mark.parametrize("at", [1, 256, 257, 650, 700])
async def test_an_edited_row_is_named(store: Store, keys: FileKeyStore, anchors, at: int):
    """With its hash made to fit or not."""
    await as_owner(
        store, f"UPDATE audit SET entry = replace(entry, 'online', 'nobody') WHERE sequence = {at}"
    )
    assert await found(store, keys) == Finding(Fault.EDITED, at, at)
    async with store.transaction() as session:
        row = await session.scalar(select(AuditRow).where(AuditRow.sequence == at))
        assert row is not None
        row.leaf_hash = leaf_hash(row.entry)
    assert await found(store, keys, anchors) == Finding(Fault.EDITED, at, at)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("client_id", "'nobody'"),
        ("subject_key", "'nobody'"),
        ("at", "'2020-01-01 00:00:00.000000'"),
        ("terminal", "'elsewhere'"),
        ("municipality", "'999989'"),
        ("occurrences", "2"),
    ],
)
async def test_a_column_that_hides_a_row_from_searches_is_named(
    store: Store, keys: FileKeyStore, anchors, column: str, value: str
):
    """The entry and its hash are whole, and still the search would miss it."""
    await as_owner(store, f'UPDATE audit SET "{column}" = {value} WHERE sequence = 333')
    assert await found(store, keys) == Finding(Fault.COLUMN_EDITED, 333, 333)


@pytest.mark.parametrize("at", [1, 255, 256, 257, 650, 700])
async def test_a_deleted_row_is_named(store: Store, keys: FileKeyStore, anchors, at: int):
    """Also the first and the last of a tile, of the record."""
    await as_owner(store, f"DELETE FROM audit WHERE sequence = {at}")
    assert await found(store, keys) == Finding(Fault.DELETED, at, at)


async def test_two_rows_that_changed_places_are_named(store: Store, keys: FileKeyStore, anchors):
    """Within a tile and over tiles: the first of the two."""
    await as_owner(
        store,
        "UPDATE audit SET sequence = 9001 WHERE sequence = 30",
        "UPDATE audit SET sequence = 30 WHERE sequence = 31",
        "UPDATE audit SET sequence = 31 WHERE sequence = 9001",
    )
    assert await found(store, keys) == Finding(Fault.REORDERED, 30, 30)
    await as_owner(
        store,
        "UPDATE audit SET sequence = 9001 WHERE sequence = 30",
        "UPDATE audit SET sequence = 30 WHERE sequence = 31",
        "UPDATE audit SET sequence = 31 WHERE sequence = 9001",
        "UPDATE audit SET sequence = 9001 WHERE sequence = 40",
        "UPDATE audit SET sequence = 40 WHERE sequence = 600",
        "UPDATE audit SET sequence = 600 WHERE sequence = 9001",
    )
    assert await found(store, keys) == Finding(Fault.REORDERED, 40, 40)


@pytest.mark.parametrize(("gap", "at"), [(1, -5), (300, 301), (600, 602)])
async def test_a_row_slipped_in_is_named(store: Store, keys: FileKeyStore, gap: int, at: int):
    """Before all others, into a gap between two rows, and behind the last tile that is full."""
    await write_rows(store, ROWS)
    # The numbering has gaps, as PostgreSQL leaves them; a row can hide there.
    await as_owner(store, f"UPDATE audit SET sequence = -sequence WHERE sequence > {gap}")
    await as_owner(store, "UPDATE audit SET sequence = 3 - sequence WHERE sequence < 0")
    await tree_over(store, keys).seal()
    await insert_row(store, at)
    assert await found(store, keys) == Finding(Fault.INSERTED, at, at)


async def test_a_rewritten_tree_is_located_between_two_heads(
    store: Store, keys: FileKeyStore, anchors
):
    """Row, hash, tile and heads all made anew: only what was signed before stays true."""
    await as_owner(
        store,
        "DELETE FROM audit_tile",
        "DELETE FROM audit_head WHERE size > 300",
        "DELETE FROM audit WHERE sequence = 400",
    )
    await tree_over(store, keys).seal()
    assert await found(store, keys) is None
    finding = await found(store, keys, anchors)
    assert finding is not None
    assert (finding.fault, finding.sequence) == (Fault.REWRITTEN, 301)
    assert finding.sequence <= 400 <= finding.until


async def test_a_forged_head_is_named(store: Store, keys: FileKeyStore, anchors):
    """A head that no key signed counts for nothing."""
    await as_owner(store, "UPDATE audit_head SET signed = 'e30.e30.e30' WHERE size = 500")
    assert await found(store, keys) == Finding(Fault.HEAD_FORGED, 500, 500)


async def test_rows_cut_off_with_their_tiles_are_missed_by_the_last_head(
    store: Store, keys: FileKeyStore, anchors
):
    """The end of the record is gone, its head is not."""
    await as_owner(
        store, "DELETE FROM audit WHERE sequence > 512", "DELETE FROM audit_tile WHERE position = 2"
    )
    assert await found(store, keys) == Finding(Fault.DELETED, 513, 700)


async def test_a_store_rolled_back_to_yesterday_fails_against_the_heads_outside(
    store: Store, keys: FileKeyStore, anchors
):
    """In itself it is whole: nothing but the head outside knows of the rows that are gone."""
    await as_owner(
        store,
        "DELETE FROM audit WHERE sequence > 300",
        "DELETE FROM audit_head WHERE size > 300",
        "DELETE FROM audit_tile",
    )
    await tree_over(store, keys).seal()
    assert await found(store, keys) is None
    assert await found(store, keys, anchors) == Finding(Fault.ROLLED_BACK, 301, 500)
    # It goes on from there, and soon has as many rows as before: they are not the same.
    await write_rows(store, 500)
    await tree_over(store, keys).seal()
    finding = await found(store, keys, anchors)
    assert finding is not None
    assert (finding.fault, finding.sequence) == (Fault.REWRITTEN, 301)


async def export(
    store: Store, keys: FileKeyStore, path: Path, window=None, held: list[Head] = ()
) -> Path:
    tree, rows = tree_over(store, keys), TreeStore(store)
    head = await tree.seal()
    assert head is not None
    plan = await plan_export(rows, head, window)
    assert plan is not None
    lines = [line async for line in iter_export(tree, rows, keys.keys().heads, plan, held)]
    return written(path, "".join(lines))


def written(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def test_a_fingerprint_may_begin_with_a_dash():
    """As one in 64 does."""
    words = ["export", "--key", "-abc", "--anchors", "heads", "--key=def"]
    assert verifier.joined(words) == ["export", "--key=-abc", "--anchors=heads", "--key=def"]


def run_verifier(folder: Path, export: Path, *arguments: str) -> tuple[int, str]:
    """Run the one file alone: isolated, without site packages, from an empty folder."""
    program = folder / "alone" / "verify.py"
    program.parent.mkdir(exist_ok=True)
    shutil.copy(verifier.__file__, program)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(export), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=program.parent,
    )
    return done.returncode, done.stdout + done.stderr


async def test_an_export_is_verified_with_none_of_our_packages(
    store: Store, keys: FileKeyStore, anchors, tmp_path
):
    """AU-4: whole, and part of it, against the heads outside and a key that was told."""
    outside = tmp_path / "heads.txt"
    outside.write_text("".join(f"{head.signed}\n" for head in anchors))
    kid = keys.keys().head_key.kid
    for window in (None, (290, 310), (1, 1), (700, 700), (256, 513)):
        path = await export(store, keys, tmp_path / "part.ndjson", window, anchors)
        code, said = run_verifier(tmp_path, path, "--key", kid, "--anchors", str(outside))
        assert (code, said.splitlines()[-1]) == (0, "OK"), said
        assert kid in said


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("online-service", "nobody"), "row 100 "),
        (("leaf", None), "699 rows instead of 700; row 99 is followed by row 101"),
        (("twice", None), "row 100 comes after row 100 (leaf 100)"),
        (("swapped", None), "row 100 comes after row 101 (leaf 100)"),
        (("root", None), "root of the signed head"),
        (("head", None), "not signed"),
    ],
)
async def test_a_changed_export_is_refused(
    store: Store, keys: FileKeyStore, anchors, tmp_path, change, says: str
):
    """AU-4: an edited row is named; a missing row, a row made to fit, a forged head are seen."""
    path = await export(store, keys, tmp_path / "all.ndjson")
    lines = path.read_text().splitlines(keepends=True)
    match change:
        case ("leaf", _):
            del lines[100]
        case ("twice", _):
            lines.insert(100, lines[100])
        case ("swapped", _):
            lines[100], lines[101] = lines[101], lines[100]
        case ("root", _):
            row = json.loads(lines[100])
            row["entry"] = row["entry"].replace("online", "nobody")
            row["leaf"] = verifier.leaf_hash(row["entry"]).hex()
            lines[100] = json.dumps(row) + "\n"
        case ("head", _):
            start = json.loads(lines[0])
            start["head"] = start["head"][:-6] + "AAAAAA"
            lines[0] = json.dumps(start) + "\n"
        case (old, new):
            lines[100] = lines[100].replace(old, new)
    path.write_text("".join(lines))
    code, said = run_verifier(tmp_path, path)
    assert code == 1
    assert says in said


async def test_the_export_of_a_store_that_was_changed_is_refused(
    store: Store, keys: FileKeyStore, anchors, tmp_path
):
    """AU-4: the leaf beside each row is the tree's, so the row is named."""
    await as_owner(store, "DELETE FROM audit WHERE sequence = 400")
    code, said = run_verifier(tmp_path, await export(store, keys, tmp_path / "all.ndjson"))
    assert code == 1
    assert "row 401 (leaf 399)" in said


async def test_the_export_of_a_store_rolled_back_fails_against_the_heads_outside(
    store: Store, keys: FileKeyStore, anchors, tmp_path
):
    """AU-4: the head that was kept has more rows."""
    outside = tmp_path / "heads.txt"
    outside.write_text(anchors[-1].signed + "\n")
    await as_owner(
        store,
        "DELETE FROM audit WHERE sequence > 300",
        "DELETE FROM audit_head WHERE size > 300",
        "DELETE FROM audit_tile",
    )
    path = await export(store, keys, tmp_path / "all.ndjson")
    code, said = run_verifier(tmp_path, path, "--anchors", str(outside))
    assert code == 1
    assert "rolled back" in said


async def test_a_key_that_nobody_trusts_proves_nothing(
    store: Store, keys: FileKeyStore, anchors, tmp_path
):
    """AU-4: an export signed by somebody else is refused; without a key the print is shown."""
    path = await export(store, keys, tmp_path / "all.ndjson")
    code, said = run_verifier(tmp_path, path, "--key", "somebody")
    assert (code, "not signed" in said) == (1, True)
    code, said = run_verifier(tmp_path, path)
    assert code == 0
    assert "Compare the fingerprint" in said


def test_the_verifier_says_when_it_cannot_tell(tmp_path):
    """AU-4: no file, and a file that is no export, are neither right nor wrong."""
    code, said = run_verifier(tmp_path, tmp_path / "missing")
    assert (code, "missing を読めません" in said) == (2, True)
    for content in ("{}\n", "", "[]", "no JSON"):
        (tmp_path / "other").write_text(content)
        code, said = run_verifier(tmp_path, tmp_path / "other")
        assert (code, "証明付きの書き出し" in said) == (2, True)


async def test_an_export_that_is_cut_off_is_told_by_its_line(
    store: Store, keys: FileKeyStore, anchors, tmp_path
):
    """AU-4: a broken transfer is no tampering."""
    path = await export(store, keys, tmp_path / "all.ndjson")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:100]) + lines[100][:50])
    code, said = run_verifier(tmp_path, path)
    assert (code, "101 行目を読めません" in said) == (2, True)


async def test_a_head_that_the_export_says_nothing_of_is_asked_for(
    store: Store, keys: FileKeyStore, anchors, tmp_path
):
    """AU-4: part of a record needs a proof for each head outside."""
    outside = tmp_path / "heads.txt"
    outside.write_text(anchors[0].signed + "\n")
    path = await export(store, keys, tmp_path / "part.ndjson", (400, 410))
    code, said = run_verifier(tmp_path, path, "--anchors", str(outside))
    assert (code, "--anchors に渡した書き出し" in said) == (2, True)


# RFC 8032, 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_signature_check_is_that_of_the_standard(key: str, message: str, signature: str):
    """Known answers of RFC 8032; any flipped bit is refused."""
    parts = [bytes.fromhex(part) for part in (key, message, signature)]
    assert verifier.signature_holds(*parts)
    for place in (0, 31, 32, 63):
        wrong = bytearray(parts[2])
        wrong[place] ^= 1
        assert not verifier.signature_holds(parts[0], parts[1], bytes(wrong))
    assert not verifier.signature_holds(parts[0], parts[1] + b"x", parts[2])
    # The same point written as a larger scalar is no second signature.
    larger = int.from_bytes(parts[2][32:], "little") + verifier.Q
    assert not verifier.signature_holds(
        parts[0], parts[1], parts[2][:32] + larger.to_bytes(32, "little")
    )


async def test_the_sequence_is_all_that_orders_rows(store: Store, keys: FileKeyStore, anchors):
    """Time may run backwards; that is no fault of the record."""
    async with store.session() as session:
        order = await session.scalars(text("SELECT sequence FROM audit ORDER BY sequence"))
        assert list(order) == list(range(1, ROWS + 1))
