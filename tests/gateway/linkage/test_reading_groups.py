"""Groups over the linkage face: through the same engine, with the same door and record."""

from __future__ import annotations

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from adapters.errors import Unavailable
from tests.doubles import stands_in
from tests.gateway.linkage.conftest import HOUSEHOLD, RESIDENT, TOWN, Face
from tests.gateway.questions.conftest import BLOCK, NAME
from tests.gateway.questions.scripted import TIME, failing, record

PATH = "/linkage/001/app_submit/v10/juminkihonjoho"


def _who(number: str) -> dict[str, str]:
    return {"shikuchosonkodo": TOWN, "atenabango": number}


async def test_what_is_granted_comes_in_the_shape_of_the_nation(face: Face) -> None:
    """metadata, _links, result; the granted items of the group and no others."""
    answer = await face.call(RESIDENT, _who("R1"))
    assert answer.status_code == 200
    assert answer.json() == {
        "metadata": {"title": "住民基本情報", "detail": "照会が完了しました。"},
        "_links": {"self": {"href": PATH}},
        "result": [
            {
                "shikuchosonkodo": TOWN,
                "atenabango": "R1",
                "shimei": "見本　花子",
                "jusho_choaza": "みどり一丁目",
            }
        ],
    }


async def test_a_protected_address_does_not_leave_here_either(face: Face) -> None:
    """DV-1: no second way out."""
    record = (await face.call(RESIDENT, _who("R2"))).json()["result"][0]
    assert record["jusho_choaza"] is None
    assert record["_absent"] == {"jusho_choaza": "ask-office"}
    assert "みどり" not in str(record)


async def test_of_nobody_there_is_no_record(face: Face) -> None:
    """PL-11: an unknown number has no result, and no source is asked."""
    answer = await face.call(RESIDENT, _who("R9"))
    assert (answer.status_code, answer.json()["result"]) == (200, [])
    assert face.world.systems["resident"].requests == []


async def test_a_call_is_recorded_like_a_question(face: Face) -> None:
    """AU-1: who, for whom, which items, with what outcome."""
    await face.call(RESIDENT, _who("R1"))
    entry = (await face.world.audit())[-1]
    dictionary = face.world.questions._rooms.dictionary
    ids = [dictionary.find_item(ref).item_id for ref in (NAME, BLOCK)]
    assert entry["client_id"] == face.system.client_id
    assert sorted(entry["items_delivered"]) == sorted(ids)
    assert not stands_in("R1", str(entry))


async def test_without_a_grant_nothing_comes(face: Face) -> None:
    """PL-2: a scope is no grant."""
    answer = await face.call(RESIDENT, _who("R1"), system=face.other)
    assert (answer.status_code, "result" in answer.json()) == (401, False)
    assert (await face.world.audit())[-1]["problem"] == "purpose-not-granted"


async def test_a_source_that_fails_does_not_look_empty(face: Face) -> None:
    """A part that could not be asked is status 503, never an empty result."""
    face.world.systems["resident"].script = failing(Unavailable("down"))
    answer = await face.call(RESIDENT, _who("R1"))
    assert answer.status_code == 503
    assert answer.json() == {
        "title": "住民基本情報",
        "detail": "想定外のエラーが発生しました。",
        "_links": {"self": {"href": PATH}},
    }


async def test_removed_entries_need_their_right(face: Face) -> None:
    """除票, PL-8: without the right the system reads nothing of somebody who died."""

    async def dead(request: FetchRequest) -> FetchResult:
        said: dict[str, str | int] = {"shimei": "見本　花子", "juminjotai": "3"}
        groups = {
            ref: GroupRecords((record(ref, request.number, fields, said),), TIME, TIME)
            for ref, fields in request.groups.items()
        }
        return FetchResult(groups)

    face.world.systems["resident"].script = dead
    assert (await face.call(RESIDENT, _who("R1"))).json()["result"] == []


async def test_pages_follow_a_link_that_carries_no_number(face: Face) -> None:
    """50 records a page; the last one has no further link."""

    async def household(request: FetchRequest) -> FetchResult:
        names = [f"見本　{'一二三四五六七八九十'[n % 10]}" for n in range(51)]
        groups = {
            ref: GroupRecords(
                tuple(
                    record(ref, request.number, fields, {"setaiin_shimei": name})
                    for name in (names if ref == "001.setaiinjoho" else names[:1])
                ),
                TIME,
                TIME,
            )
            for ref, fields in request.groups.items()
        }
        return FetchResult(groups)

    face.world.systems["resident"].script = household
    first = (await face.call(HOUSEHOLD, _who("R1"))).json()
    following = first["_links"]["next"]["href"]
    assert following == "/linkage/001/app_submit/v10/setaiinjoho?page=2"
    last = (await face.call(HOUSEHOLD, _who("R1"), query="?page=2")).json()
    assert [len(first["result"]), len(last["result"])] == [50, 1]
    assert "next" not in last["_links"]
    wrong = await face.call(HOUSEHOLD, _who("R1"), query="?page=x")
    assert wrong.json()["errors"][0]["code"] == "E0002"


async def test_wrong_parameters_are_refused_before_anybody_is_asked(face: Face) -> None:
    """E0001, E0002: number and municipality."""
    body = {"shikuchosonkodo": "131016"}
    codes = [e["code"] for e in (await face.call(RESIDENT, body)).json()["errors"]]
    assert codes == ["E0001", "E0002"]
