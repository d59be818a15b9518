"""付番 as specified: every parameter of the workbook, every code, and what numbers are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from adapters.errors import Unavailable
from gateway.audit import AuditEntry, AuditKind
from gateway.linkage.number_calls import HISTORY, LOOK_UP, REGISTER, SCOPES
from gateway.linkage.parameters import Parameters
from gateway.linkage.shape import DETAILS, REGISTERED
from gateway.numbers.store import Numbering
from gateway.protection.measures import MeasureKind, Measures
from gateway.protection.store import MeasureStore
from gateway.store.engine import Store
from gateway.subjects import LinkRow
from standard_models.builtin import load_builtin
from standard_models.dictionary import Condition, DataItem, DataType
from standard_models.reference.check_digits import RemainderOne, local_number_check
from standard_models.values.identifiers import MyNumber
from tests.gateway.linkage.conftest import TOWN, Face, registration
from tests.gateway.questions.conftest import PURPOSE

EDITION = load_builtin().find_edition("031", "official-api-2.0")
assert EDITION is not None
assert EDITION.api is not None
API = EDITION.api
ITEMS = EDITION.groups[0].items
CREATE, READ, VERSIONS = SCOPES[REGISTER], SCOPES[LOOK_UP], SCOPES[HISTORY]
MAXIMA = {"atenabango", "nayosesakiatenabango", "sosashaid", "shiteitoshi_gyoseikutokodo"}
BESIDE: dict[str, dict[str, str]] = {
    "uji_nihonjin": {"na_nihonjin": "一郎"},
    "na_nihonjin": {"uji_nihonjin": "佐藤"},
    "uji_nihonjin_furigana": {"uji_nihonjin": "佐藤", "na_nihonjin": "一郎"},
    "na_nihonjin_furigana": {"uji_nihonjin": "佐藤", "na_nihonjin": "一郎"},
    "tsusho_furigana": {"tsusho": "田中　花子"},
    "tsusho_furiganakakuninjokyo": {"tsusho": "田中　花子", "tsusho_furigana": "タナカ"},
    "seinengappi_fushohyoki": {"seinengappi_fushofuragu": "1"},
    "jusho_katagaki_furigana": {"jusho_katagaki": "虎ノ門ハイツ"},
    "jusho_kokugaijusho": {"jusho_kokumeito": "米国"},
}
"""What must stand beside a parameter for a call to be good."""
NUMBERS = {"atenabango", "nayosesakiatenabango"}
"""Parameters that only take a number that was issued."""
OWN = {"shikuchosonkodo": TOWN, "kojinbango": "123456789018", "shorikubun": "0"}
"""Values for the samples that the rules of numbers do not allow, or another town's."""


def _samples(item: DataItem) -> list[str]:
    """Return the samples of the workbook; a cell may hold several lines."""
    if item.field_name in OWN:
        return [OWN[item.field_name]]
    return [line.rpartition("：")[2] for line in item.sample.splitlines()]


def _wrong_class(item: DataItem) -> str:
    if item.data_type is DataType.FULL_WIDTH:
        return "ｱbc"
    return "あ" * item.length


def _too_long(item: DataItem) -> str:
    if item.data_type is DataType.FULL_WIDTH:
        return "あ" * (item.length + 1)
    return "0" * (item.length + 1)


async def _codes(face: Face, scope: str = CREATE, **changes: Any) -> list[tuple[str, str]]:
    answer = await face.call(scope, registration(**changes))
    assert answer.status_code == 400, answer.text
    return [(error["code"], error["message"]) for error in answer.json()["errors"]]


def _checked(**changes: Any) -> list[tuple[str, str]]:
    """Return what the checks alone say of a good call with ``changes``."""
    _, wrong = Parameters(ITEMS, API).check(registration(**changes))
    return [(error.code, error.message) for error in wrong]


def test_the_workbook_has_forty_parameters() -> None:
    """So that the tables below leave none out."""
    assert len(ITEMS) == 40
    assert [error.code for error in API.errors] == ["E0001", "E0002", "E0003", "E0004"]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.field_name)
def test_the_sample_of_every_parameter_is_accepted(item: DataItem) -> None:
    """Every sample of the workbook passes the checks, alone with what it needs."""
    for sample in _samples(item):
        assert _checked(**BESIDE.get(item.field_name, {}), **{item.field_name: sample}) == []


async def test_the_samples_of_the_workbook_are_registered(face: Face) -> None:
    """One call for each sample, over HTTP, and one with all of them at once."""
    number = (await face.call(CREATE, registration())).json()["result"][0]["atenabango"]
    together: dict[str, str] = {}
    for item in ITEMS:
        for sample in _samples(item):
            sent = number if item.field_name in NUMBERS else sample
            changes = {**BESIDE.get(item.field_name, {}), item.field_name: sent}
            answer = await face.call(CREATE, registration(**changes))
            assert answer.status_code == 200, (item.field_name, answer.text)
            together |= changes
    together |= {"seinengappi_fushofuragu": "1", "seinengappi_fushohyoki": "令和○年頃"}
    assert len(together) == len(ITEMS)
    assert (await face.call(CREATE, together)).status_code == 200


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.field_name)
@pytest.mark.parametrize("nothing", ["", None], ids=["empty", "left-out"])
def test_a_missing_parameter(item: DataItem, nothing: str | None) -> None:
    """E0001 for what is required; an empty text is not set; others may be left out."""
    found = _checked(**{item.field_name: nothing})
    if item.condition is Condition.REQUIRED:
        assert found == [("E0001", f"{item.name}が設定されていません。")]
    else:
        assert found == []


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.field_name)
@pytest.mark.parametrize("sent", [1, True, ["0"], {"a": "0"}], ids=["int", "bool", "list", "map"])
def test_a_parameter_of_another_type(item: DataItem, sent: Any) -> None:
    """E0002 for anything but a text."""
    found = _checked(**{item.field_name: sent})
    assert ("E0002", f"{item.name}は文字列で設定してください。") in found


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.field_name)
def test_characters_of_another_class(item: DataItem) -> None:
    """E0002: full-width in a half-width item and the other way."""
    found = _checked(**{item.field_name: _wrong_class(item)})
    first = next(message for code, message in found if code == "E0002")
    assert first.startswith(f"{item.name}は")
    assert first.endswith("で設定してください。")


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.field_name)
def test_a_parameter_that_is_too_long(item: DataItem) -> None:
    """E0003, with the length of the item."""
    limit = f"{item.length}桁"
    if item.data_type is DataType.FULL_WIDTH or item.field_name in MAXIMA:
        limit += "以内"
    found = _checked(**{item.field_name: _too_long(item)})
    assert ("E0003", f"{item.name}は{limit}で設定してください。") in found


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("shorikubun", "3"),
        ("seibetsu", "9"),
        ("tsusho_furiganakakuninjokyo", "2"),
        ("seinengappi_fushofuragu", "2"),
        ("nayosemotofuragu", "2"),
        ("tagyomusanshofukafuragu", "2"),
        ("kojinbango", "123456789012"),
        ("shikuchosonkodo", "131016"),
        ("seinengappi", "1964-02-30"),
        ("seinengappi", "1964-13-00"),
        ("sosanengappi", "2026-00-00"),
        ("sosanengappi", "2026/10/01"),
        ("sosajikoku", "24:00:00"),
        ("sosajikoku", "90000000"),
    ],
)
async def test_a_wrong_code(face: Face, name: str, sent: str) -> None:
    """E0002 for a value that the item does not have."""
    assert "E0002" in {code for code, _ in await _codes(face, **{name: sent})}


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"shorikubun": "1"}, "E0001", "宛名番号が設定されていません。"),
        ({"shorikubun": "2"}, "E0001", "宛名番号が設定されていません。"),
        ({"uji_nihonjin": "佐藤"}, "E0004", "氏_日本人|名_日本人"),
        ({"tsusho_furigana": "タナカ"}, "E0004", "通称_フリガナ|通称"),
        ({"nayosemotofuragu": "1"}, "E0004", "名寄せ元フラグ|名寄せ先宛名番号"),
        ({"seinengappi_fushofuragu": "1"}, "E0004", "生年月日_不詳フラグ|生年月日_不詳表記"),
        ({"jusho_kokugaijusho": "ＵＳＡ"}, "E0004", "住所_国外住所|住所_国名等"),
    ],
)
async def test_parameters_that_need_each_other(
    face: Face, changes: dict[str, str], code: str, message: str
) -> None:
    """E0004; E0001 where the sample of the workbook gives that."""
    if code == "E0004":
        here, there = message.split("|")
        message = f"{here}が設定されている場合、{there}は設定必須です。"
    assert await _codes(face, **changes) == [(code, message)]


async def test_everything_that_is_wrong_is_said_at_once(face: Face) -> None:
    """All problems in one run, and none of what was sent."""
    found = await _codes(face, shorikubun=None, shimei="abc", jusho_yubinbango="12", x="canary")
    assert [code for code, _ in found] == ["E0002", "E0001", "E0002", "E0003"]
    assert "canary" not in str(found)


async def test_a_body_that_is_no_json(face: Face) -> None:
    """E0002 in the shape of the nation."""
    token = await face.token(CREATE)
    for body in (b"{", b"[]"):
        answer = await face.http.post(
            f"/linkage/031/{REGISTER}",
            content=body,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        assert answer.json()["errors"][0]["code"] == "E0002"


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_answers_have_the_tree_of_the_workbook(face: Face, status: int) -> None:
    """Every object of the response tree is there, and the fixed texts word for word."""
    body = registration(shimei="abc") if status == 400 else registration()
    answer = await face.call(CREATE, body, token="x" if status == 401 else None)
    assert answer.status_code == status
    said, names, texts = [answer.json()], set[str](), set[str]()
    while said:
        node = said.pop()
        for name, value in node.items() if isinstance(node, dict) else ():
            names.add(name)
            said += value if isinstance(value, list) else [value]
            texts |= {value} if isinstance(value, str) else set()
    nodes = [node for node in API.response(status) if node.level > 1]
    assert names == {node.name for node in nodes}
    assert {node.fixed for node in nodes if node.fixed} <= texts


def test_the_fixed_texts_are_those_of_the_workbook() -> None:
    """Also of status 503, which nobody can ask for."""
    fixed = {n.status: n.fixed for n in API.responses if n.name == "detail"}
    assert fixed == {200: REGISTERED, **DETAILS}


async def test_numbers_have_the_residents_check_digit_and_follow_each_other(face: Face) -> None:
    """Modulus 11; serials whose remainder is 1 are left out."""
    numbers = [
        (await face.call(CREATE, registration())).json()["result"][0]["atenabango"]
        for _ in range(12)
    ]
    expected = []
    for serial in range(900_000_000, 900_000_020):
        digit = local_number_check(str(serial), RemainderOne.NOT_ISSUED)
        expected += [f"{serial}{digit}"] if digit else []
    assert numbers == expected[:12]


async def test_calls_at_once_get_different_numbers(face: Face) -> None:
    """Thirty calls, more than there are connections: every one has a number of its own."""
    await face.token(CREATE)
    calls = [face.call(CREATE, registration()) for _ in range(30)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["result"][0]["atenabango"] for answer in answers}) == 30


async def test_a_residents_number_is_never_issued(face: Face) -> None:
    """The series may run into numbers that residents have; those are left out."""
    taken = "900000000" + str(local_number_check("900000000", RemainderOne.NOT_ISSUED))
    row = LinkRow(2, (("resident", taken),), "my-number-match")
    await face.world.subjects.import_links(TOWN, [row], anchor="resident", actor="test")
    record = (await face.call(CREATE, registration())).json()["result"][0]
    assert record["atenabango"] != taken
    assert record["atenabango"].startswith("900000001")


async def test_what_was_registered_is_said_again(face: Face) -> None:
    """The result of the workbook: number, version 1, who, when."""
    record = (await face.call(CREATE, registration())).json()["result"][0]
    assert record == {
        "shikuchosonkodo": TOWN,
        "atenabango": record["atenabango"],
        "rirekibango": 1,
        "sosashaid": "123456",
        "sosanengappi": "2026-10-01",
        "sosajikoku": "09:00:00",
    }


async def test_a_change_under_a_number_is_a_new_version(face: Face) -> None:
    """処理区分 1 and 2 use the number; the history keeps every version."""
    number = (await face.call(CREATE, registration())).json()["result"][0]["atenabango"]
    for version, (kind, name) in enumerate([("1", "見本　次郎"), ("2", "見本　三郎")], start=2):
        body = registration(shorikubun=kind, atenabango=number, shimei=name)
        record = (await face.call(CREATE, body)).json()["result"][0]
        assert (record["atenabango"], record["rirekibango"]) == (number, version)
    who = {"shikuchosonkodo": TOWN, "atenabango": number}
    history = (await face.call(VERSIONS, who)).json()["result"]
    assert [(r["rirekibango"], r["shimei"]) for r in history] == [
        (1, "見本　太郎"),
        (2, "見本　次郎"),
        (3, "見本　三郎"),
    ]


async def test_a_former_resident_keeps_the_number(face: Face) -> None:
    """処理区分 1 with a resident's number is version 1 under it; a made-up one is refused."""
    body = registration(shorikubun="1", atenabango="R1")
    assert (await face.call(CREATE, body)).json()["result"][0]["atenabango"] == "R1"
    assert [c for c, _ in await _codes(face, shorikubun="1", atenabango="R8")] == ["E0002"]
    assert [c for c, _ in await _codes(face, shorikubun="2", atenabango="R3")] == ["E0002"]


async def test_merging_links_and_never_renumbers(face: Face) -> None:
    """名寄せ (機能ID 0310008): the record stays under its number and names the other."""
    one, two = [
        (await face.call(CREATE, registration())).json()["result"][0]["atenabango"]
        for _ in range(2)
    ]
    merged = {"nayosemotofuragu": "1", "nayosesakiatenabango": two}
    body = registration(shorikubun="1", atenabango=one, **merged)
    assert (await face.call(CREATE, body)).status_code == 200
    found = (await face.call(READ, {"shikuchosonkodo": TOWN, "atenabango": one})).json()
    assert found["result"][0]["nayosesakiatenabango"] == two
    itself = {**merged, "nayosesakiatenabango": one}
    assert (await _codes(face, shorikubun="1", atenabango=one, **itself))[0][0] == "E0002"


async def test_a_person_is_found_by_the_four_facts(face: Face) -> None:
    """機能ID 0310007: full and partial; width and blanks do not matter."""
    await face.call(CREATE, registration())
    await face.call(CREATE, registration(shimei="見本　次郎", seinengappi="1970-01-02"))
    town = {"shikuchosonkodo": TOWN}
    full = {"shimei": "見本太郎", "seinengappi": "1964-07-01", "seibetsu": "1"}
    for wanted in (full, {"shimei": "見本　太郎", "jusho_choaza": "霞が関二丁目"}):
        found = (await face.call(READ, {**town, **wanted})).json()["result"]
        assert [record["shimei"] for record in found] == ["見本　太郎"]
    nobody = (await face.call(READ, {**town, **full, "seibetsu": "2"})).json()
    assert nobody["result"] == []


@pytest.mark.parametrize(
    ("wanted", "code"),
    [({}, "E0001"), ({"shimei": "見本"}, "E0004"), ({"seibetsu": "1"}, "E0004")],
    ids=["nothing", "name", "sex"],
)
async def test_a_search_needs_two_facts(face: Face, wanted: dict[str, str], code: str) -> None:
    """PL-8: minimum search keys."""
    answer = await face.call(READ, {"shikuchosonkodo": TOWN, **wanted})
    assert [error["code"] for error in answer.json()["errors"]] == [code]


async def test_other_businesses_do_not_see_a_hidden_record(face: Face) -> None:
    """他業務参照不可フラグ: as if it were not there, also by name, history and number."""
    body = registration(tagyomusanshofukafuragu="1")
    number = (await face.call(CREATE, body)).json()["result"][0]["atenabango"]
    who = {"shikuchosonkodo": TOWN, "atenabango": number}
    facts = {"shikuchosonkodo": TOWN, "shimei": "見本　太郎", "seinengappi": "1964-07-01"}
    for scope, asked in ((READ, who), (READ, facts), (VERSIONS, who)):
        assert len((await face.call(scope, asked)).json()["result"]) == 1
        assert (await face.call(scope, asked, system=face.other)).json()["result"] == []
    change = registration(shorikubun="1", atenabango=number)
    assert (await face.call(CREATE, change, system=face.other)).status_code == 400


async def test_a_protected_persons_address_is_withheld_from_look_ups(face: Face) -> None:
    """DV-1: the number stands among the flags, so the place of living does not leave."""
    await face.call(CREATE, registration(shorikubun="1", atenabango="R2"))
    for scope in (READ, VERSIONS):
        answer = await face.call(scope, {"shikuchosonkodo": TOWN, "atenabango": "R2"})
        record = answer.json()["result"][0]
        assert record["_absent"]["jusho_choaza"] == "ask-office"
        assert "霞が関" not in answer.text


async def test_a_measure_in_any_system_withholds_the_address_of_a_registered_person(
    face: Face,
) -> None:
    """DV-2: flagged by a number of another system, and looked up by a number of this one."""
    await face.call(CREATE, registration(shorikubun="1", atenabango="R1"))
    measures = Measures(MeasureStore(face.world.store), clock=face.world.clock, actor="officer")
    await measures.set(TOWN, "tax", "T1", MeasureKind.FULL)
    for scope in (READ, VERSIONS):
        answer = await face.call(scope, {"shikuchosonkodo": TOWN, "atenabango": "R1"})
        assert answer.json()["result"][0]["_absent"]["jusho_choaza"] == "ask-office"
        assert "霞が関" not in answer.text


async def test_a_measure_counts_whatever_numbering_the_calling_system_has(face: Face) -> None:
    """DV-2: the number is of the town's series, also where the caller reads by its own numbers."""
    made = await face.call(CREATE, registration())
    number = made.json()["result"][0]["atenabango"]
    measures = Measures(MeasureStore(face.world.store), clock=face.world.clock, actor="officer")
    await measures.set(TOWN, "resident", number, MeasureKind.FULL)
    tax = await face.registry.add(
        TOWN,
        name="税務システム",
        business="010",
        scopes=[*SCOPES.values()],
        purpose=PURPOSE,
        numbering="tax",
    )
    answer = await face.call(READ, {"shikuchosonkodo": TOWN, "atenabango": number}, system=tax)
    assert answer.json()["result"][0]["_absent"]["jusho_choaza"] == "ask-office"
    assert "霞が関" not in answer.text


@pytest.mark.parametrize("flagged", ["first", "second"])
async def test_a_measure_of_either_number_counts_for_both_after_nayose(
    face: Face, flagged: str
) -> None:
    """DV-2: 名寄せ makes two numbers one person, whichever of them the measure names."""
    second = (await face.call(CREATE, registration())).json()["result"][0]["atenabango"]
    merged = registration(nayosemotofuragu="1", nayosesakiatenabango=second)
    first = (await face.call(CREATE, merged)).json()["result"][0]["atenabango"]
    measures = Measures(MeasureStore(face.world.store), clock=face.world.clock, actor="officer")
    number = first if flagged == "first" else second
    await measures.set(TOWN, "resident", number, MeasureKind.FULL)
    for one in (first, second):
        answer = await face.call(READ, {"shikuchosonkodo": TOWN, "atenabango": one})
        assert answer.json()["result"][0]["_absent"]["jusho_choaza"] == "ask-office"


async def test_nobody_under_a_measure_is_found_by_where_they_live(face: Face) -> None:
    """DV-11: a right guess and a wrong one have one answer, byte for byte, and one audit shape."""
    await face.call(CREATE, registration(shorikubun="1", atenabango="R2"))
    await face.call(CREATE, registration(shorikubun="1", atenabango="R1", shimei="見本　次郎"))
    asked = {"shikuchosonkodo": TOWN, "shimei": "見本　太郎"}
    known = await face.call(READ, asked | {"seinengappi": "1964-07-01"})
    assert known.json()["result"][0]["_absent"]["jusho_choaza"] == "ask-office"
    right = await face.call(READ, asked | {"jusho_choaza": "霞が関二丁目"})
    wrong = await face.call(READ, asked | {"jusho_choaza": "霞が関三丁目"})
    assert right.status_code == wrong.status_code == 200
    assert right.json()["result"] == wrong.json()["result"] == []
    other = {"shikuchosonkodo": TOWN, "shimei": "見本　次郎", "jusho_choaza": "霞が関二丁目"}
    assert len((await face.call(READ, other)).json()["result"]) == 1


async def test_nobody_is_looked_for_by_address_while_it_is_not_known_who_is_protected(
    face: Face,
) -> None:
    """DV-3: for everybody alike, found or not."""
    await face.call(CREATE, registration(shorikubun="1", atenabango="R1"))
    face.world.systems["resident"].flagged = Unavailable("down")
    face.world.clock.advance(minutes=11)
    await face.world.protection.pull()
    asked = {"shikuchosonkodo": TOWN, "shimei": "見本　太郎"}
    for town in ("霞が関二丁目", "霞が関三丁目"):
        answer = await face.call(READ, asked | {"jusho_choaza": town})
        assert answer.status_code == 503
    assert (await face.call(READ, asked | {"seinengappi": "1964-07-01"})).status_code == 200


async def test_a_look_at_a_registered_resident_stands_under_their_one_pseudonym(
    face: Face,
) -> None:
    """AU-1: whoever searches the audit record for the person finds what 031 showed, and no more."""
    await face.call(CREATE, registration(shorikubun="1", atenabango="R2"))
    await face.call(READ, {"shikuchosonkodo": TOWN, "atenabango": "R2"})
    subject = await face.world.subjects.find_by_number(TOWN, "resident", "R2")
    assert subject is not None
    audit = face.world.questions._rooms.audit
    made, read = await face.world.audit()
    assert {made["subject_key"], read["subject_key"]} == {audit.pseudonym(TOWN, subject.subject_id)}
    address = {i.item_id for i in ITEMS if i.field_name.startswith("jusho_")}
    assert not address & set(read["items_delivered"])
    assert read["items_delivered"]


async def test_my_number_goes_in_and_never_comes_out(face: Face) -> None:
    """番号法: it is kept sealed; the audit record says that it was handled."""
    body = registration(kojinbango=OWN["kojinbango"])
    made = await face.call(CREATE, body)
    number = made.json()["result"][0]["atenabango"]
    found = await face.call(READ, {"shikuchosonkodo": TOWN, "atenabango": number})
    assert OWN["kojinbango"] not in made.text + found.text
    entries = await face.world.audit()
    assert [entry["my_number"] for entry in entries] == [True, False]
    assert OWN["kojinbango"] not in str(entries) + face.world.log.text
    assert number not in str(entries)


async def test_my_number_stands_in_its_own_store_and_nowhere_else(
    face: Face,
) -> None:
    """MN-1: it is found there by the number that was issued; the sealed record does not have it."""
    digits = OWN["kojinbango"]
    made = await face.call(CREATE, registration(kojinbango=digits))
    number = made.json()["result"][0]["atenabango"]
    (place,) = await face.my_numbers.places_of(TOWN, MyNumber(digits))
    assert (place.numbering, place.number) == ("resident", number)
    found = await face.numbers.find(TOWN, "027", number)
    assert found is not None
    assert "kojinbango" not in found.content
    change = registration(shorikubun="1", atenabango=number)
    assert (await face.call(CREATE, change)).status_code == 200
    assert await face.my_numbers.places_of(TOWN, MyNumber(digits)) == [place], (
        "a version that does not say the number leaves it"
    )


async def test_a_registration_that_fails_leaves_no_my_number_behind(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be that of whoever is issued the same number next."""

    async def failing(*_: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(Numbering, "add", failing)
    with pytest.raises(ConnectionResetError):
        await face.numbers.register(
            AuditEntry(TOWN, face.world.clock.now(), AuditKind.OPERATION, "registered", ""),
            "027",
            {**registration(), "kojinbango": OWN["kojinbango"]},
        )
    monkeypatch.undo()
    assert await face.my_numbers.places_of(TOWN, MyNumber(OWN["kojinbango"])) == []
    made = await face.call(CREATE, registration())
    assert made.json()["result"][0]["atenabango"].startswith("900000000"), "the same number"
    assert await face.my_numbers.places_of(TOWN, MyNumber(OWN["kojinbango"])) == []


async def test_without_the_store_nobody_is_registered_by_half(
    face: Face, my_number_store: Store
) -> None:
    """Status 503 for whoever sends a My Number, recorded; others are registered."""
    async with my_number_store.transaction() as session:
        await session.execute(text("DROP TABLE my_number"))
    refused = await face.call(CREATE, registration(kojinbango=OWN["kojinbango"]))
    assert refused.status_code == 503
    assert OWN["kojinbango"] not in refused.text
    assert (await face.call(CREATE, registration())).status_code == 200
    assert [entry["outcome"] for entry in await face.world.audit()] == ["refused", "registered"]


async def test_nothing_is_issued_without_its_record_and_nothing_twice(face: Face) -> None:
    """AU-1, AU-2: one record for each registration, in the same commit."""
    await face.call(CREATE, registration())
    await face.call(CREATE, registration(shimei="abc"))
    entries = await face.world.audit()
    assert [(e["outcome"], e["problem"]) for e in entries] == [
        ("registered", None),
        ("refused", "E0002"),
    ]


async def test_a_used_up_series_is_status_503(face: Face) -> None:
    """Nobody is given a number twice; staff must open a new range."""
    await face.open_series(900_000_005, 900_000_005)
    assert (await face.call(CREATE, registration())).status_code == 200
    answer = await face.call(CREATE, registration())
    assert answer.status_code == 503
    assert answer.json()["detail"] == DETAILS[503]
    with pytest.raises(ValueError, match="before those in use"):
        await face.open_series(900_000_000, 900_000_010)
