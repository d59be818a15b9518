import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.keys import FileKeyStore
from gateway.problems import Problem
from gateway.subjects import LinkRow, SubjectService, SubjectStore
from gateway.subjects.handles import HandleCipher, new_subject_id
from tests.doubles import StoppedClock
from tests.gateway.subjects.askers import Asking

TOWN = "999997"
SERVICE = Asking(TOWN, "online-service")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture
async def subjects(store, keys: FileKeyStore, clock: StoppedClock) -> SubjectService:
    service = SubjectService(SubjectStore(store), keys, clock=clock)
    rows = [
        LinkRow(2, (("resident", "000000000019"), ("tax", "10000001")), "my-number-match"),
        LinkRow(3, (("resident", "000000000019"), ("tax", "10000002")), "staff-confirmed"),
        LinkRow(4, (("resident", "000000000027"),), "single-system"),
    ]
    await service.import_links(TOWN, rows, anchor="resident", actor="test")
    await service.import_links("999989", rows[2:], anchor="resident", actor="test")
    return service


async def person(subjects: SubjectService, number: str = "000000000019") -> str:
    subject = await subjects.find_by_number(TOWN, "resident", number)
    assert subject is not None
    return subject.subject_id


async def test_a_handle_leads_to_the_person_and_all_numbers(subjects: SubjectService):
    """By numbering; a person may have several numbers in one."""
    handle = subjects.handle_for(TOWN, "online-service", await person(subjects))
    subject = await subjects.resolve(SERVICE, handle)
    assert subject.numbers == {
        "resident": ("000000000019",),
        "tax": ("10000001", "10000002"),
    }


async def test_a_consumer_sees_the_same_handle_each_time_and_every_consumer_another(
    subjects: SubjectService,
):
    """Pairwise: two consumers cannot join what they know."""
    subject = await person(subjects)
    handle = subjects.handle_for(TOWN, "online-service", subject)
    assert handle == subjects.handle_for(TOWN, "online-service", subject)
    assert handle != subjects.handle_for(TOWN, "counter", subject)
    assert handle != subjects.handle_for("999989", "online-service", subject)
    assert handle != subjects.handle_for(
        TOWN, "online-service", await person(subjects, "000000000027")
    )
    assert handle.startswith("h1-")
    assert set(handle) <= set(ALPHABET)
    assert len(handle) == 46


async def test_every_handle_that_is_not_ones_own_is_refused_in_the_same_words(
    subjects: SubjectService, keys: FileKeyStore
):
    """Of another consumer, another town, forged, malformed, plain number, unknown: one answer."""
    subject = await person(subjects)
    own = subjects.handle_for(TOWN, "online-service", subject)
    attempts = [
        subjects.handle_for(TOWN, "counter", subject),
        subjects.handle_for("999989", "online-service", subject),
        subjects.handle_for(TOWN, "online-service", new_subject_id()),
        "000000000019",
        subject,
        "",
        "h1-",
        "h2" + own[2:],
        "h0" + own[2:],
        own[:-1],
        own + "A",
        own + "\n",
        "h1-" + "A" * 43,
        "人" * 46,
    ]
    for attempt in attempts:
        with pytest.raises(Problem) as refusal:
            await subjects.resolve(SERVICE, attempt)
        problem = refusal.value
        assert problem.type.slug == "unknown-subject"
        assert (problem.detail_ja, problem.detail_en) == ("", "")
        assert (problem.errors, problem.headers, problem.extensions) == ((), {}, {})


async def test_any_changed_character_makes_a_handle_worthless(subjects: SubjectService):
    """Also the last one, of which some bits carry nothing."""
    own = subjects.handle_for(TOWN, "online-service", await person(subjects))
    for place in (3, 20, len(own) - 1):
        for character in ALPHABET:
            if character == own[place]:
                continue
            changed = own[:place] + character + own[place + 1 :]
            with pytest.raises(Problem):
                await subjects.resolve(SERVICE, changed)


async def test_after_a_rotation_old_handles_work_until_their_date(
    subjects: SubjectService, keys: FileKeyStore, clock: StoppedClock
):
    """New handles differ; both lead to the same person while they overlap."""
    subject = await person(subjects)
    old = subjects.handle_for(TOWN, "online-service", subject)
    keys.rotate_handles(clock.now() + dt.timedelta(days=30))
    new = subjects.handle_for(TOWN, "online-service", subject)
    assert new.startswith("h2-")
    for handle in (old, new):
        assert (await subjects.resolve(SERVICE, handle)).subject_id == subject
    clock.advance(days=30)
    assert (await subjects.resolve(SERVICE, new)).subject_id == subject
    with pytest.raises(Problem):
        await subjects.resolve(SERVICE, old)


async def test_an_unknown_handle_is_looked_up_like_a_known_one(
    subjects: SubjectService, store, monkeypatch: pytest.MonkeyPatch
):
    """A guess costs the same work, so its time tells nothing."""
    asked: list[str] = []
    numbers = SubjectStore.numbers

    async def counted(self, municipality, subject_id):
        asked.append(subject_id)
        return await numbers(self, municipality, subject_id)

    monkeypatch.setattr(SubjectStore, "numbers", counted)
    for attempt in ("nonsense", "h1-" + "A" * 43, subjects.handle_for(TOWN, "x", new_subject_id())):
        with pytest.raises(Problem):
            await subjects.resolve(SERVICE, attempt)
    assert len(asked) == 3


async def test_numbers_do_not_show_when_a_person_is_printed(subjects: SubjectService):
    """Neither in a log line nor in a traceback."""
    subject = await subjects.find_by_number(TOWN, "resident", "000000000019")
    assert "000000000019" not in repr(subject)
    assert subject is not None
    assert subject.subject_id not in repr(subject)


@given(subject=st.binary(min_size=16, max_size=16), client=st.text(min_size=1, max_size=20))
def test_opening_undoes_sealing_for_every_person(subject: bytes, client: str, shared_keys):
    """Whatever the id and the consumer."""
    cipher, now = HandleCipher(), dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    handle = cipher.seal(shared_keys, TOWN, client, subject.hex())
    assert cipher.open(shared_keys, TOWN, client, handle, now) == subject.hex()
    assert cipher.open(shared_keys, TOWN, client + "x", handle, now) is None


@pytest.fixture(scope="module")
def shared_keys(tmp_path_factory: pytest.TempPathFactory):
    key_store = FileKeyStore(tmp_path_factory.mktemp("keys"))
    key_store.create()
    return key_store.keys()
