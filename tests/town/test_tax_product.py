"""The tax product over real HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from examples.town.legacy.process import LegacyProcess
from examples.town.legacy.simulator import Fault, SimulatorControl

pytestmark = pytest.mark.town

KEY = {"X-Zeimu-Key": "machi-zeimu-demo"}


@pytest.fixture
def client(tax_system: LegacyProcess) -> Any:
    """A client with the key."""
    base = f"http://127.0.0.1:{tax_system.port}/zeimu/api/v2"
    with httpx.Client(base_url=base, headers=KEY, trust_env=False) as opened:
        yield opened


@pytest.fixture
def control(tax_system: LegacyProcess) -> Any:
    """The simulator's control; whatever a test breaks is repaired afterwards."""
    handle = SimulatorControl(tax_system.port)
    yield handle
    handle.set_fault(Fault.NONE)
    handle.set_delay(0)


def _ask(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    return dict(client.post(path, json=body).json())


def test_every_reply_echoes_the_person_and_states_the_time_of_the_data(
    client: httpx.Client, town: Any
) -> None:
    """Number asked for, linked 宛名番号, era-style data time."""
    numbers = town.people["two_children"]
    for path in ("/kojin/shokai", "/kazei/shokai", "/fuyo/shokai"):
        reply = _ask(client, path, kojinNo=numbers["tax"][0])
        assert reply["kekka"] == {"cd": "0000", "msg": "正常"}
        assert (reply["kojinNo"], reply["atenaNo"]) == (numbers["tax"][0], numbers["resident"])
        assert reply["dataKijunNichiji"] == "R08.10.01 09:15:00"
        assert reply["genNendo"] == "R08"


def test_whom_somebody_supports_is_told_by_year_without_themselves(
    client: httpx.Client, town: Any
) -> None:
    """§10: numbers of the register, era dates; nobody in a year of which nothing is kept."""
    father = town.people["two_children"]
    (tax,) = father["tax"]
    rows = _ask(client, "/fuyo/shokai", kojinNo=tax, nendo="GEN")["fuyo"]
    assert [(r["nendo"], r["renban"], r["shimei"], r["fuyoKbn"]) for r in rows] == [
        ("R08", 1, "佐藤　陽翔", "NEN"),
        ("R08", 2, "佐藤　さくら", "NEN"),
    ]
    assert rows[0]["seinengappi"] == "H30.04.02"
    assert father["resident"] not in {row["fuyoAtenaNo"] for row in rows}
    assert _ask(client, "/fuyo/shokai", kojinNo=tax, nendo="R07")["fuyo"] == []
    assert len(_ask(client, "/fuyo/shokai", kojinNo=tax)["fuyo"]) == 2
    assert _ask(client, "/fuyo/shokai", kojinNo=tax, nendo="2026")["kekka"]["cd"] == "E422"


def test_an_assessment_mixes_yen_and_thousand_yen_as_documented(
    client: httpx.Client, town: Any
) -> None:
    """Revenue and taxes in yen, incomes in thousand yen."""
    number = town.people["two_children"]["tax"][0]
    (row,) = _ask(client, "/kazei/shokai", kojinNo=number, nendo="GEN", rireki="SAISHIN")["kazei"]
    assert (row["nendo"], row["rirekiNo"], row["shinkoku"], row["kazeiKbn"]) == (
        "R08",
        1,
        "F",
        "10",
    )
    assert row["shotoku"]["gokeiSen"] == 4421
    assert row["shotoku"]["meisai"] == [{"shurui": "KYU", "shunyuEn": 6431250, "shotokuSen": 4421}]
    assert row["zeigaku"]["shi"] == {"shotokuwari": 225900, "kintowari": 3000}
    assert row["zeigaku"]["nenzei"] == 381500


def test_nothing_filed_is_null_and_filed_zero_is_zero(client: httpx.Client, town: Any) -> None:
    """The two are different rows."""
    rows = {
        who: _ask(client, "/kazei/shokai", kojinNo=town.people[who]["tax"][0])["kazei"][-1]
        for who in ("unfiled", "zero_filed")
    }
    assert rows["unfiled"]["shinkoku"] == "M"
    assert rows["unfiled"]["shotoku"]["gokeiSen"] is None
    assert rows["unfiled"]["zeigaku"]["nenzei"] is None
    assert rows["zero_filed"]["shotoku"]["gokeiSen"] == 0
    assert rows["zero_filed"]["zeigaku"]["nenzei"] == 0


def test_a_long_history_comes_in_pages_of_twenty(client: httpx.Client, town: Any) -> None:
    """45 rows are three pages, in order, each row once; the last has no token."""
    number = town.people["many_assessments"]["tax"][0]
    sizes, seen, token = [], [], None
    while True:
        extra = {"nextPage": token} if token else {}
        reply = _ask(client, "/kazei/shokai", kojinNo=number, **extra)
        sizes.append(len(reply["kazei"]))
        seen += [(row["nendo"], row["rirekiNo"]) for row in reply["kazei"]]
        token = reply["nextPage"]
        if token is None:
            break
    years = ["H30", "R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08"]
    assert sizes == [20, 20, 5]
    assert seen == [(year, history) for year in years for history in (1, 2, 3, 4, 5)]


def test_the_list_of_people_pages_through_everybody(client: httpx.Client, town: Any) -> None:
    """kojin/ichiran gives every number of the table of numbers once."""
    numbers: list[str] = []
    token = None
    while True:
        reply = _ask(client, "/kojin/ichiran", **({"nextPage": token} if token else {}))
        numbers += [row["kojinNo"] for row in reply["kojinIchiran"]]
        token = reply["nextPage"]
        if token is None:
            break
    assert numbers == sorted(set(numbers))
    assert {line["subject"]["tax"] for line in town.truth("010.kazeikihonjoho")} <= set(numbers)


def test_a_person_without_a_row_for_this_year_has_an_empty_list(
    client: httpx.Client, town: Any
) -> None:
    """Who died last year is known, with last year's row only."""
    number = town.people["no_current_year"]["tax"][0]
    assert _ask(client, "/kazei/shokai", kojinNo=number, nendo="GEN")["kazei"] == []
    assert [r["nendo"] for r in _ask(client, "/kazei/shokai", kojinNo=number)["kazei"]] == ["R07"]


def test_a_number_not_linked_yet_has_an_empty_atena_number(client: httpx.Client, town: Any) -> None:
    """Blank, not null and not left out."""
    number = town.people["tax_not_linked"]["tax"][0]
    assert _ask(client, "/kojin/shokai", kojinNo=number)["atenaNo"] == ""


def test_somebody_registered_elsewhere_comes_with_name_and_address(
    client: httpx.Client, town: Any
) -> None:
    """住登外者: own number, day of birth unknown in era form, address elsewhere."""
    reply = _ask(client, "/kojin/shokai", kojinNo=town.people["outsider_day_unknown"]["tax"][0])
    assert reply["kojin"]["jutogaiKbn"] == "1"
    assert reply["jutogai"]["jutogaiAtenaNo"] == reply["atenaNo"]
    assert reply["jutogai"]["seinengappi"] == "S47.02.00"
    assert reply["jutogai"]["shikuchosonCd"] in {"999989", "999971"}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/kojin/shokai", {"kojinNo": "99999999"}, 404, "N001"),
        ("/kojin/shokai", {"kojinNo": "abc"}, 422, "E422"),
        ("/kojin/shokai", {}, 422, "E422"),
        ("/kojin/shokai", {"kojinNo": "20000017", "x": 1}, 422, "E422"),
        ("/kazei/shokai", {"kojinNo": "20000017", "nendo": "2026"}, 422, "E422"),
        ("/kazei/shokai", {"kojinNo": "20000017", "rireki": "ALL"}, 422, "E422"),
        ("/kazei/shokai", {"kojinNo": "20000017", "nextPage": "%%%"}, 422, "E422"),
        ("/nothing", {}, 404, "E404"),
    ],
)
def test_what_cannot_be_answered_gets_the_products_own_shape(
    client: httpx.Client, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    """HTTP status and kekka.cd as documented; data time and year are there too."""
    reply = client.post(path, json=body)
    assert (reply.status_code, reply.json()["kekka"]["cd"]) == (status, code)
    assert reply.json()["genNendo"] == "R08"


def test_key_method_type_and_size_are_checked(client: httpx.Client) -> None:
    """401, 405, 415 and 413."""
    found = [
        client.post("/kojin/shokai", json={}, headers={"X-Zeimu-Key": "guess"}),
        client.get("/kojin/shokai"),
        client.post("/kojin/shokai", content=b"{}", headers={"Content-Type": "text/plain"}),
        client.post("/kojin/shokai", json={"kojinNo": "0" * 70_000}),
    ]
    assert [(r.status_code, r.json()["kekka"]["cd"]) for r in found] == [
        (401, "E401"), (405, "E405"), (415, "E415"), (413, "E413"),
    ]  # fmt: skip


def test_the_simulator_can_answer_with_somebody_else(
    client: httpx.Client, control: SimulatorControl, town: Any
) -> None:
    """The wrong record is labelled with the number of the wrong person."""
    number = town.people["two_children"]["tax"][0]
    control.set_fault(Fault.OTHER_PERSON)
    reply = _ask(client, "/kazei/shokai", kojinNo=number)
    assert reply["kekka"]["cd"] == "0000"
    assert reply["kojinNo"] != number


def test_the_simulator_can_break_answers(
    client: httpx.Client, control: SimulatorControl, town: Any
) -> None:
    """500, 503 with Retry-After, a page instead of data, half a body."""
    body = {"kojinNo": town.people["two_children"]["tax"][0]}
    replies = {}
    for fault in (Fault.ERROR, Fault.BUSY, Fault.HTML, Fault.CUT):
        control.set_fault(fault)
        replies[fault] = client.post("/kojin/shokai", json=body)
    assert replies[Fault.ERROR].status_code == 500
    assert replies[Fault.BUSY].headers["Retry-After"] == "5"
    assert replies[Fault.HTML].headers["Content-Type"].startswith("text/html")
    with pytest.raises(ValueError, match=r"line \d+"):
        replies[Fault.CUT].json()


def test_the_simulator_can_be_slow(client: httpx.Client, control: SimulatorControl) -> None:
    """A patience shorter than the delay ends in a time-out."""
    control.set_delay(5)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/jotai", timeout=0.2)


def test_the_simulator_refuses_what_it_does_not_know(control: SimulatorControl) -> None:
    """A delay of an hour is not set, and the state stays."""
    with pytest.raises(httpx.HTTPStatusError):
        control.set_delay(3600)
    assert control.state()["delay_s"] == 0


def test_after_kill_9_it_starts_again(town: Any) -> None:
    """The same port, the same answers; a quiet stop ends with status 0."""
    process = LegacyProcess("tax", town.folder)
    process.start()
    port = process.port
    process.kill()
    process.start()
    reply = httpx.get(f"http://127.0.0.1:{port}/zeimu/api/v2/jotai", headers=KEY, trust_env=False)
    assert reply.json()["jotai"] == "稼働中"
    assert process.stop() == 0
