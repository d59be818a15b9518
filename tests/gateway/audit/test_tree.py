import hashlib

import pytest
from sqlalchemy import func, select

from gateway.audit import AuditStore, to_record
from gateway.audit.tree import HeadRefused, TreeBrokenError, TreeStore, read_head, read_heads
from gateway.audit.tree.merkle import grew, includes, root_of
from gateway.keys import FileKeyStore, KeysError
from gateway.store.engine import Store
from gateway.store.tables import AuditHeadRow, AuditTileRow
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.audit.entries import entry
from tests.gateway.audit.grown import ISSUER, as_owner, tree_over, write_rows


async def leaves(store: Store) -> list[bytes]:
    return [row.leaf_hash async for row in AuditStore(store).iter_all()]


async def test_a_head_counts_every_row_and_holds_their_root(store: Store, keys: FileKeyStore):
    """The root is that of RFC 6962 over all leaf hashes in their order, however the tree grew."""
    tree = tree_over(store, keys)
    assert await tree.seal() is None
    for batch in (1, 255, 1, 300, 700):
        await write_rows(store, batch)
        head = await tree.seal()
        assert head is not None
        assert head.root == root_of(await leaves(store))
    assert (head.size, head.issuer) == (1257, ISSUER)
    async with store.session() as session:
        heads = await session.scalar(select(func.count()).select_from(AuditHeadRow))
    assert heads == 5


async def test_without_new_rows_the_head_stays(store: Store, keys: FileKeyStore):
    """No head says the same as the last one."""
    await write_rows(store, 3)
    tree = tree_over(store, keys)
    first = await tree.seal()
    again = await tree.seal()
    assert first is not None
    assert again is not None
    assert first.signed == again.signed


async def test_a_tree_of_two_levels_of_tiles_has_the_same_root(store: Store, keys: FileKeyStore):
    """AU-3: past 65,536 rows the tiles of tiles are used."""
    await write_rows(store, 65_536 + 300)
    tree = tree_over(store, keys)
    head = await tree.seal()
    assert head is not None
    every = await leaves(store)
    assert head.root == root_of(every)
    async with store.session() as session:
        above = await session.get(AuditTileRow, (1, 0))
        assert above is not None
        assert above.root == root_of(every[:65_536])
    proof = await tree.prove_growth(70, head.size)
    assert grew(70, root_of(every[:70]), head.size, head.root, proof)


async def test_every_record_is_proved_to_be_in_the_tree(store: Store, keys: FileKeyStore):
    """AU-3: first, last and some between, also in the tree of an older head."""
    ids = await write_rows(store, 600)
    tree = tree_over(store, keys)
    old = await tree.seal()
    ids += await write_rows(store, 77)
    await tree.seal()
    assert old is not None
    for place in (0, 1, 255, 256, 599, 600, 676):
        proof = await tree.prove(ids[place])
        assert proof is not None
        assert proof.index == place
        head = proof.head
        assert includes(proof.leaf, proof.index, head.size, proof.path, head.root)
    older = await tree.prove(ids[599], old)
    assert older is not None
    assert includes(older.leaf, older.index, old.size, older.path, old.root)
    assert await tree.prove(ids[600], old) is None
    assert await tree.prove("0" * 32) is None


async def test_rows_that_gaps_separate_are_numbered_without_gaps(store: Store, keys: FileKeyStore):
    """A number that PostgreSQL gave out and took back leaves no hole in the tree."""
    await write_rows(store, 10)
    await as_owner(store, "UPDATE audit SET sequence = sequence + 1000 WHERE sequence > 4")
    head = await tree_over(store, keys).seal()
    assert head is not None
    assert (head.size, head.last_sequence) == (10, 1010)


async def test_a_changed_tree_is_not_signed(
    store: Store, keys: FileKeyStore, event_log: RecordingLog
):
    """Whoever rewrites the tree gets no signature over the result, and it is told."""
    await write_rows(store, 300)
    tree = tree_over(store, keys, log=event_log)
    await tree.seal()
    forged = "X'" + "00" * 32 + "'" if store.dialect == "sqlite" else r"'\x" + "00" * 32 + "'"
    await as_owner(store, f"UPDATE audit_tile SET root = {forged} WHERE position = 0")
    await as_owner(store, f"UPDATE audit_tile SET leaves = {forged} WHERE position = 1")
    await write_rows(store, 1)
    with pytest.raises(TreeBrokenError):
        await tree.seal()
    await tree.run_once()
    assert "audit-tree-broken" in event_log.events


async def test_a_head_is_only_what_a_key_of_the_record_signed(
    store: Store, keys: FileKeyStore, tmp_path
):
    """Another installation's head, a changed one and a line of text are refused."""
    await write_rows(store, 2)
    head = await tree_over(store, keys).seal()
    assert head is not None
    assert read_head(head.signed, keys.keys().heads) == head
    other = FileKeyStore(tmp_path / "other")
    other.create()
    for line in (head.signed[:-3] + "AAA", "text", "a.b.c", ""):
        with pytest.raises(HeadRefused):
            read_head(line, keys.keys().heads)
    with pytest.raises(HeadRefused):
        read_head(head.signed, other.keys().heads)


async def test_heads_of_renewed_keys_stay_verifiable(store: Store, keys: FileKeyStore):
    """A new key signs from now on, the old public part is kept for ever."""
    await write_rows(store, 2)
    old = await tree_over(store, keys).seal()
    keys.rotate_heads()
    await write_rows(store, 1)
    new = await tree_over(store, keys).seal()
    assert old is not None
    assert new is not None
    assert [read_head(h.signed, keys.keys().heads).size for h in (old, new)] == [2, 3]
    with pytest.raises(HeadRefused):
        read_head(old.signed, keys.keys().heads[-1:])


def test_without_a_key_it_is_said_how_to_make_one(keys: FileKeyStore):
    """A file of keys from before there were heads is not damaged."""
    content = keys.path.read_text().split(',\n "heads"')[0] + "\n}"
    keys.path.write_text(content)
    with pytest.raises(KeysError, match="rotate heads"):
        _ = keys.keys().head_key
    keys.rotate_heads()
    assert keys.keys().head_key.kid


async def test_new_heads_are_appended_outside(
    store: Store, keys: FileKeyStore, clock: StoppedClock, tmp_path
):
    """AU-3: one line a head, a file a month, nothing written twice, the past untouched."""
    folder = tmp_path / "outside"
    folder.mkdir()
    tree = tree_over(store, keys, clock=clock, anchors=folder)
    await write_rows(store, 2)
    await tree.run_once()
    clock.advance(days=40)
    await write_rows(store, 2)
    await tree.run_once()
    await tree.run_once()
    assert sorted(p.name for p in folder.iterdir()) == [
        "audit-heads-2026-10.txt",
        "audit-heads-2026-11.txt",
    ]
    heads, refused = read_heads(folder, keys.keys().heads)
    assert ([h.size for h in heads], refused) == ([2, 4], 0)
    assert tree.unanchored_age_s() == 0


async def test_a_folder_that_cannot_be_written_is_told_and_caught_up(
    store: Store, keys: FileKeyStore, clock: StoppedClock, event_log: RecordingLog, tmp_path
):
    """The age of the oldest head that stands nowhere outside grows, and no file takes its place."""
    folder = tmp_path / "not-mounted"
    tree = tree_over(store, keys, clock=clock, log=event_log, anchors=folder)
    await write_rows(store, 2)
    await tree.run_once()
    clock.advance(minutes=9)
    await write_rows(store, 2)
    await tree.run_once()
    assert event_log.events == ["audit-head-not-anchored"] * 2
    assert tree.unanchored_age_s() == 540
    assert not folder.exists()
    folder.mkdir()
    await tree.run_once()
    assert tree.unanchored_age_s() == 0
    assert len(read_heads(folder, keys.keys().heads)[0]) == 2


async def put_back(store: Store, keys: FileKeyStore, rows: int) -> None:
    """Put the database back to when it had so many rows, with a rightly signed head over them."""
    await as_owner(
        store,
        f"DELETE FROM audit WHERE sequence > {rows}",
        "DELETE FROM audit_head",
        "DELETE FROM audit_tile",
    )
    await tree_over(store, keys).seal()


@pytest.mark.parametrize("written_since", [0, 1, 2, 9])
async def test_a_database_that_was_put_back_is_told_as_soon_as_the_gateway_runs(
    store: Store, keys: FileKeyStore, event_log: RecordingLog, tmp_path, written_since: int
):
    """AU-3: the heads outside know of rows that are gone; nothing is signed in their place."""
    await write_rows(store, 3)
    await write_rows(store, 2)
    await tree_over(store, keys, anchors=tmp_path).run_once()
    await put_back(store, keys, 3)
    for _ in range(written_since):
        await write_rows(store, 1)
    restarted = tree_over(store, keys, log=event_log, anchors=tmp_path)
    await restarted.run_once()
    await restarted.run_once()
    assert event_log.events == ["audit-tree-broken"] * 2
    assert [h.size for h in await TreeStore(store).newest_heads(10)] == [3]


async def test_a_database_that_is_put_back_under_a_running_gateway_is_told(
    store: Store, keys: FileKeyStore, event_log: RecordingLog, clock: StoppedClock
):
    """Also where nothing stands outside: the process knows what it has signed itself."""
    await write_rows(store, 5)
    tree = tree_over(store, keys, clock=clock, log=event_log)
    await tree.run_once()
    await put_back(store, keys, 3)
    await write_rows(store, 9)
    await tree.run_once()
    clock.advance(minutes=7)
    await tree.run_once()
    assert event_log.events == ["audit-tree-broken"] * 2
    assert tree.unanchored_age_s() == 420


async def test_an_emptied_database_is_told_too(
    store: Store, keys: FileKeyStore, event_log: RecordingLog, tmp_path
):
    """No row at all is less than what stands outside."""
    await write_rows(store, 5)
    await tree_over(store, keys, anchors=tmp_path).run_once()
    await as_owner(store, "DELETE FROM audit", "DELETE FROM audit_head", "DELETE FROM audit_tile")
    await tree_over(store, keys, log=event_log, anchors=tmp_path).run_once()
    assert event_log.events == ["audit-tree-broken"]


async def test_a_restart_goes_on_with_the_heads_outside(
    store: Store, keys: FileKeyStore, event_log: RecordingLog, tmp_path
):
    """Also where the last line there was cut, or is another installation's."""
    for rows in (2, 300, 1):
        await write_rows(store, rows)
        await tree_over(store, keys, log=event_log, anchors=tmp_path).run_once()
        with next(tmp_path.glob("audit-heads-*")).open("a") as file:
            file.write("eyJhbGciOi")
    assert event_log.events == []
    assert [h.size for h in read_heads(tmp_path, keys.keys().heads)[0]] == [2, 302, 303]


async def test_a_record_that_somebody_holds_for_long_shows_in_the_figures(
    store: Store, keys: FileKeyStore, event_log: RecordingLog, clock: StoppedClock
):
    """While nobody can tell which rows are settled, none of them comes under a head."""
    if store.dialect != "postgresql":
        pytest.skip("SQLite has one writer at a time, and nobody else's rows to wait for")
    await write_rows(store, 2)
    tree = tree_over(store, keys, clock=clock, log=event_log)
    async with store.transaction() as session:
        await AuditStore(store).append_in(session, to_record(entry()))
        await tree.run_once()
        clock.advance(minutes=6)
        await tree.run_once()
        assert event_log.events == ["audit-tree-waits"] * 2
        assert tree.unanchored_age_s() == 360
    await tree.run_once()
    assert [h.size for h in await TreeStore(store).newest_heads(10)] == [3]


async def test_a_line_that_a_crash_cut_does_not_spoil_the_next(
    store: Store, keys: FileKeyStore, clock: StoppedClock, tmp_path
):
    """The next head starts on a line of its own."""
    (tmp_path / "audit-heads-2026-10.txt").write_text("eyJhbGciOi")
    await write_rows(store, 1)
    await tree_over(store, keys, clock=clock, anchors=tmp_path).run_once()
    heads, refused = read_heads(tmp_path, keys.keys().heads)
    assert (len(heads), refused) == (1, 1)


async def test_two_processes_grow_one_tree(store: Store, keys: FileKeyStore):
    """They take turns; the tree is the same."""
    one, two = tree_over(store, keys), tree_over(store, keys)
    for tree in (one, two, one, two):
        await write_rows(store, 130)
        head = await tree.seal()
    assert head is not None
    assert head.size == 520
    assert head.root == root_of(await leaves(store))


async def test_the_tree_waits_for_a_writer_and_the_writer_not_for_the_tree(
    store: Store, keys: FileKeyStore, event_log: RecordingLog
):
    """On PostgreSQL a row that is not committed yet must not be overtaken by later ones."""
    if store.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    await write_rows(store, 3)
    tree = tree_over(store, keys, log=event_log)
    async with store.transaction() as session:
        await AuditStore(store).append_in(session, to_record(entry()))
        await write_rows(store, 2)
        assert await tree.seal() is None
        assert event_log.events == ["audit-tree-waits"]
    head = await tree.seal()
    assert head is not None
    assert head.size == 6
    assert await TreeStore(store).settled_sequence() == 6


def test_the_known_hash_of_nothing():
    """RFC 6962: the tree over nothing has the hash of the empty text."""
    assert root_of([]) == hashlib.sha256(b"").digest()
