import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from gateway.store.engine import Store, open_store
from gateway.store.migrate import downgrade, needed_revision, schema_state, upgrade
from gateway.store.tables import SubmissionRow
from tools.check_migrations import drift, heads, on, tables


async def test_the_migrated_database_is_what_the_models_say(store: Store):
    """No difference between the history and the models."""
    assert await on(store, drift) == []


async def test_a_forgotten_migration_is_noticed(store: Store):
    """A column or an index that only one of the two sides has shows as drift."""
    async with store.transaction() as session:
        await session.execute(text('ALTER TABLE route ADD COLUMN "extra" INTEGER'))
        await session.execute(text("DROP INDEX ix_audit_municipality_at"))
    assert len(await on(store, drift)) == 2


async def test_the_way_down_leaves_nothing_behind_and_the_way_up_works_again(store: Store):
    """Up, down to the empty database, up."""
    await downgrade(store, "base")
    assert set(await on(store, tables)) == {"alembic_version"}
    assert (await schema_state(store)).current is None
    await upgrade(store)
    assert (await schema_state(store)).up_to_date


async def test_upgrading_twice_changes_nothing(store: Store):
    """The command can be run at every start."""
    before = await schema_state(store)
    await upgrade(store)
    assert await schema_state(store) == before


async def test_an_empty_database_is_not_up_to_date(tmp_path):
    """The readiness check tells an empty database from a migrated one."""
    store = open_store(f"sqlite:///{tmp_path}/empty.db")
    state = await schema_state(store)
    assert state.current is None
    assert not state.up_to_date
    await store.aclose()


def test_the_history_has_one_head():
    """Two heads would leave open which schema the gateway runs on."""
    assert heads() == []


@pytest.mark.parametrize("kept", ["used_assertion", "audit", "source_number", "grant"])
async def test_every_table_that_must_survive_a_restart_is_in_the_database(store: Store, kept: str):
    """The gateway keeps no such state in memory."""
    assert kept in await on(store, tables)


def test_the_history_is_read_once_and_not_by_every_look_at_readiness(
    monkeypatch: pytest.MonkeyPatch,
):
    """API4: anybody can ask whether the gateway is ready, as often as they like."""
    newest = needed_revision()

    def read_again(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(ScriptDirectory, "from_config", read_again)
    assert needed_revision() == newest


_AT = "'2026-04-01 00:00:00+00:00'"
_SUBJECT = (
    f"INSERT INTO subject (municipality, subject_id, created_at) VALUES ('999999', 's', {_AT})"
)
_SUBMISSION = (
    "INSERT INTO submission (municipality, submission_id, client_id, subject_id, purpose_id, "
    "purposes, consent_text, consent_given_at, strength, stated_at, expires_at) "
    f"VALUES ('999999', :id, 'desk', 's', 'move', '[]', 'text', {_AT}, 'login', {_AT}, {_AT})"
)
_PART = (
    "INSERT INTO submission_part (municipality, submission_id, group_ref, secret_version) "
    "VALUES ('999999', :id, '001.renrakusaki', 1)"
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_upgrade_that_waits_for_a_table_gives_up_and_changes_nothing(store: Store):
    """SC-1: questions do not queue up behind it; when the table is free, it is done at once."""
    await downgrade(store, "0025")
    async with store.transaction() as session:
        await session.execute(text("LOCK TABLE submission IN ACCESS SHARE MODE"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await upgrade(store)
        assert (await schema_state(store)).current == "0025"
    await upgrade(store)
    assert (await schema_state(store)).up_to_date


async def test_what_was_stated_stands_in_the_way_of_no_upgrade(store: Store):
    """SC-1: a submission with its parts stays, and the release before goes on writing."""
    await downgrade(store, "0025")
    async with store.transaction() as session:
        await session.execute(text(_SUBJECT))
        for statement in (_SUBMISSION, _PART):
            await session.execute(text(statement), {"id": "before"})
    await upgrade(store)
    async with store.transaction() as session:
        for statement in (_SUBMISSION, _PART):
            await session.execute(text(statement), {"id": "meanwhile"})
        query = select(SubmissionRow.submission_id, SubmissionRow.items)
        found = {row.submission_id: row.items for row in await session.execute(query)}
        parts = await session.scalar(text("SELECT count(*) FROM submission_part"))
    assert (found, parts) == ({"before": [], "meanwhile": []}, 2)
