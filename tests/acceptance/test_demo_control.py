"""The demonstration's own controls: guarded, real, and confined to the three systems."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from examples.town.demo.control import create_control
from examples.town.demo.legacy import LegacySystems
from examples.town.demo.places import AlreadyRunning, Places, choose_port, make_town
from examples.town.demo.processes import Process, ProcessFailed
from examples.town.demo.residents import read_residents


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Return the folder of a small town."""
    places = Places(tmp_path_factory.mktemp("small"))
    assert make_town(places, seed=1, households=150) is True
    return places


@pytest.fixture
async def control(places: Places) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the control interface over the three running systems."""
    systems = LegacySystems(places)
    await systems.start()
    transport = httpx.ASGITransport(create_control(systems, "secret"))
    headers = {"Authorization": "Bearer secret"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://control.test", headers=headers
    ) as client:
        yield client
    await systems.stop()


@pytest.mark.town
async def test_systems_are_stopped_started_and_put_to_night(control: httpx.AsyncClient) -> None:
    """Each action is shown in the state; starting ends the night."""
    assert (await control.get("/systems")).json() == {
        "resident": "running",
        "tax": "running",
        "welfare": "running",
    }
    assert (await control.post("/systems/tax/stop")).json()["tax"] == "stopped"
    assert (await control.post("/systems/tax/start")).json()["tax"] == "running"
    assert (await control.post("/systems/resident/stop")).json()["resident"] == "stopped"
    assert (await control.post("/systems/resident/start")).json()["resident"] == "running"
    assert (await control.post("/systems/welfare/night")).json()["welfare"] == "night"
    assert (await control.post("/systems/welfare/stop")).json()["welfare"] == "stopped"
    assert (await control.post("/systems/welfare/start")).json()["welfare"] == "running"


@pytest.mark.town
async def test_without_the_token_nothing_is_shown_or_done(control: httpx.AsyncClient) -> None:
    """Anybody else on the machine is refused; unknown systems and actions do not exist."""
    for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": ""}):
        assert (await control.get("/systems", headers=headers)).status_code == 401
        refused = await control.post("/systems/tax/stop", headers=headers)
        assert refused.status_code == 401
    assert (await control.get("/systems")).json()["tax"] == "running"
    assert (await control.post("/systems/gateway/stop")).status_code == 404
    assert (await control.post("/systems/tax/erase")).status_code == 404
    assert (await control.post("/systems/tax/night")).status_code == 409


def test_a_town_is_made_once_and_again_only_for_another_seed(places: Places) -> None:
    """The same town is used again; another one makes the gateway's links worthless."""
    places.gateway.mkdir(exist_ok=True)
    assert make_town(places, seed=1, households=150) is False
    assert places.gateway.exists()
    assert make_town(places, seed=2, households=150) is True
    assert not places.gateway.exists()
    assert make_town(places, seed=1, households=150) is True


def test_every_ready_resident_has_three_descriptions_and_a_key_that_says_nothing(
    places: Places,
) -> None:
    """Letters in order; やさしい日本語 and English differ from the Japanese description."""
    residents = read_residents(places.town)
    assert "".join(r.key for r in residents) == "abcdefghij"
    for resident in residents:
        assert len(set(resident.description.values())) == 3, resident.name


def test_a_folder_belongs_to_one_demonstration_at_a_time(tmp_path: Path) -> None:
    """The second claim is refused while the first holds, and granted afterwards."""
    places = Places(tmp_path)
    with places.claimed(), pytest.raises(AlreadyRunning), places.claimed():
        pass
    with places.claimed():
        pass


def test_a_taken_port_gives_way_to_a_free_one() -> None:
    """The preferred port is used if it is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert choose_port(port) not in {port, 0}
    assert choose_port(port) == port


async def test_a_process_that_dies_at_once_names_its_log(tmp_path: Path) -> None:
    """The reason is in the log file."""
    log = tmp_path / "logs" / "broken.log"
    process = Process("broken", ("-c", "raise SystemExit('no such table')"), log=log)
    with pytest.raises(ProcessFailed) as failure:
        await process.start()
    assert failure.value.log == log
    assert "no such table" in log.read_text()
    assert process.running is False
