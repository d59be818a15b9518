"""The welfare product over real SOAP, described by its WSDL on disk."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import httpx
import pytest
import zeep
from zeep.exceptions import Fault as SoapFault

from examples.town.legacy.process import LegacyProcess
from examples.town.legacy.simulator import Fault, SimulatorControl
from examples.town.legacy.welfare.service import reopening

pytestmark = pytest.mark.town

WSDL = Path(__file__).parents[2] / "examples/town/legacy/welfare/welfare.wsdl"
BINDING = "{urn:kakuu-fukushi:shokai:v5}FukushiShokaiBinding"
NOON = "2026-10-01T12:00:00+09:00"


@pytest.fixture(scope="module")
def client() -> zeep.Client:
    """A client that knows the interface from the file."""
    return zeep.Client(str(WSDL))


@pytest.fixture
def service(client: zeep.Client, welfare_system: LegacyProcess) -> Any:
    """The operations at the running product."""
    return client.create_service(BINDING, _address(welfare_system))


@pytest.fixture
def control(welfare_system: LegacyProcess) -> Any:
    """The simulator's control; the clock is put back and faults are repaired afterwards."""
    handle = SimulatorControl(welfare_system.port)
    yield handle
    handle.set_fault(Fault.NONE)
    handle.set_clock(NOON)


def _address(process: LegacyProcess) -> str:
    return f"http://127.0.0.1:{process.port}/fukushi/soap"


def _fault(call: Any, **arguments: str) -> dict[str, str]:
    with pytest.raises(SoapFault) as caught:
        call(**arguments)
    detail = caught.value.detail
    found = {child.tag.partition("}")[2]: child.text for child in detail[0]}
    return found | {"side": caught.value.code}


def test_an_allowance_is_read_as_the_document_describes(service: Any, town: Any) -> None:
    """Echoed numbers, Western dates, vendor codes, padded names, amounts in yen with zeros."""
    numbers = town.people["allowance_paid"]
    reply = service.JidoTeateShokai(RiyoshaId="MACHI01", FukushiNo=numbers["welfare"])
    assert (reply.FukushiNo, reply.AtenaNo) == (numbers["welfare"], numbers["resident"])
    assert reply.DataKijun == "20261001091000"
    allowance = reply.JidoTeate
    assert (allowance.SeikyuBi, allowance.ShikyuKaishi) == ("20240205", "202403")
    assert (allowance.Jotai, allowance.HiyoKbn) == ("SK", "B")
    assert [child.Getsugaku for child in allowance.Jido] == ["010000", "010000", "030000"]
    assert allowance.Jido[0].JidoShimei == "髙橋　健太" + "　" * 25


def test_a_household_of_health_insurance_is_told_whole(service: Any, town: Any) -> None:
    """§6.3: whoever of them is asked for, with those who only count; not that of the register."""
    people = town.people
    reply = service.KokuhoShokai(RiyoshaId="MACHI01", FukushiNo=people["day_unknown"]["welfare"])
    levied, mother, child = reply.KokuhoSetai.Setaiin
    assert (levied.SetaiinAtenaNo, levied.Kbn) == (people["day_unknown"]["resident"], "GI")
    assert [(one.Kbn, one.Kaigo2go, one.Tsukisu) for one in (mother, child)] == [
        ("HI", "N", "12"), ("HI", "N", "12"),
    ]  # fmt: skip
    assert (levied.Shinkoku, child.Shinkoku) == ("FY", None)
    gone = service.KokuhoShokai(RiyoshaId="MACHI01", FukushiNo=people["ex"]["welfare"])
    assert [one.Tsukisu for one in gone.KokuhoSetai.Setaiin] == ["12", "02", "02"]


def test_a_programme_without_a_record_is_an_empty_answer_not_a_fault(
    service: Any, town: Any
) -> None:
    """A recipient of the allowance has no certificate and no care insurance."""
    number = town.people["allowance_paid"]["welfare"]
    assert service.TechoShokai(RiyoshaId="MACHI01", FukushiNo=number).Techo == []
    assert service.KaigoShokai(RiyoshaId="MACHI01", FukushiNo=number).KaigoShikaku is None
    child = town.people["single_parent"]["welfare"]
    assert service.KokuhoShokai(RiyoshaId="MACHI01", FukushiNo=child).KokuhoSetai is None


def test_two_certificates_come_as_two_elements(service: Any, town: Any) -> None:
    """Physical without an end, mental with one."""
    number = town.people["certificate_physical_1"]["welfare"]
    reply = service.TechoShokai(RiyoshaId="MACHI01", FukushiNo=number)
    assert [(t.Shubetsu, t.Tokyu, t.YukoKigen) for t in reply.Techo] == [
        ("SIN", "1", "99999999"),
        ("SEI", "3", "20270331"),
    ]


def test_care_insurance_and_certification_come_together(service: Any, town: Any) -> None:
    """Level of care in vendor codes; nobody lost the insurance, so the end is not set."""
    number = town.people["care_care_5"]["welfare"]
    reply = service.KaigoShokai(RiyoshaId="MACHI01", FukushiNo=number)
    assert (reply.KaigoShikaku.Kbn, reply.KaigoShikaku.SoshitsuBi) == ("1G", "99999999")
    assert reply.KaigoNintei.Kubun == "K5"


def test_an_unknown_person_is_a_fault(service: Any) -> None:
    """FK-1001, on the caller's side."""
    fault = _fault(service.TechoShokai, RiyoshaId="MACHI01", FukushiNo="Z9999999")
    assert (fault["Code"], fault["side"]) == ("FK-1001", "soap:Client")


@pytest.mark.parametrize(
    ("user", "number", "code"),
    [
        ("MACHI99", "F0000001", "FK-2002"),
        ("MACHI01", "0000001", "FK-2001"),
        ("", "F0000001", "FK-2001"),
    ],
)
def test_a_bad_request_is_a_fault(service: Any, user: str, number: str, code: str) -> None:
    """A user nobody registered, a number of the wrong form, no user."""
    assert _fault(service.KaigoShokai, RiyoshaId=user, FukushiNo=number)["Code"] == code


@pytest.mark.parametrize(
    "body",
    [
        b"not xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
        b"<a>" + b"x" * 70_000 + b"</a>",
    ],
)
def test_what_is_not_a_call_is_a_fault(welfare_system: LegacyProcess, body: bytes) -> None:
    """No XML, another document, a document type, too much: FK-2001 with status 500."""
    reply = httpx.post(_address(welfare_system), content=body, trust_env=False)
    assert reply.status_code == 500
    assert "FK-2001" in reply.text


def test_at_night_every_operation_names_the_time_it_opens_again(
    service: Any, control: SimulatorControl, town: Any
) -> None:
    """At 22:30 the fault says tomorrow 06:00; in the morning the answer is there."""
    asked = {"RiyoshaId": "MACHI01", "FukushiNo": town.people["allowance_paid"]["welfare"]}
    control.set_clock("2026-10-01T22:30:00+09:00")
    for operation in (service.JidoTeateShokai, service.TechoShokai, service.KaigoShokai):
        fault = _fault(operation, **asked)
        assert (fault["Code"], fault["side"]) == ("FK-9001", "soap:Server")
        assert fault["SaikaiNichiji"] == "2026-10-02T06:00:00+09:00"
    control.set_clock("2026-10-02T06:00:00+09:00")
    assert service.JidoTeateShokai(**asked).FukushiNo == asked["FukushiNo"]


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-10-01T21:59:59.999999+09:00", None),
        ("2026-10-01T22:00:00+09:00", "2026-10-02T06:00:00+09:00"),
        ("2026-10-02T00:00:00+09:00", "2026-10-02T06:00:00+09:00"),
        ("2026-10-02T05:59:59.999999+09:00", "2026-10-02T06:00:00+09:00"),
        ("2026-10-02T06:00:00+09:00", None),
        ("2026-12-31T23:00:00+09:00", "2027-01-01T06:00:00+09:00"),
    ],
)
def test_the_borders_of_the_night_are_exact(now: str, opens: str | None) -> None:
    """Closed from 22:00:00 on, open from 06:00:00 on."""
    found = reopening(dt.datetime.fromisoformat(now))
    assert (found.isoformat() if found else None) == opens


def test_the_simulator_can_answer_with_somebody_else(
    service: Any, control: SimulatorControl, town: Any
) -> None:
    """The wrong record is labelled with the number of the wrong person."""
    number = town.people["allowance_paid"]["welfare"]
    control.set_fault(Fault.OTHER_PERSON)
    assert service.KaigoShokai(RiyoshaId="MACHI01", FukushiNo=number).FukushiNo != number


def test_the_interface_description_is_served_as_well(welfare_system: LegacyProcess) -> None:
    """GET returns the file of the document."""
    reply = httpx.get(_address(welfare_system) + "?wsdl", trust_env=False)
    assert reply.content == WSDL.read_bytes()


def test_the_town_clock_can_start_at_night(town: Any, client: zeep.Client) -> None:
    """--clock decides; after kill -9 it starts again, and a quiet stop ends with status 0."""
    process = LegacyProcess("welfare", town.folder, "--clock", "2026-10-01T03:00:00+09:00")
    process.start()
    process.kill()
    process.start()
    service = client.create_service(BINDING, _address(process))
    fault = _fault(service.TechoShokai, RiyoshaId="MACHI01", FukushiNo="F0000001")
    assert fault["SaikaiNichiji"] == "2026-10-01T06:00:00+09:00"
    assert process.stop() == 0
