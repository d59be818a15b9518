"""The three legacy systems of the town as processes that can be stopped and started."""

from __future__ import annotations

import asyncio
from typing import Final

from examples.town.demo.places import Places
from examples.town.demo.processes import Process, ProcessFailed
from examples.town.legacy.simulator import DEFAULT_CLOCK, SimulatorControl

NAMES: Final = ("resident", "tax", "welfare")
_NIGHT: Final = "2026-10-01T22:30:00+09:00"


class LegacySystems:
    """Resident, tax and welfare; each keeps its port for as long as the demonstration runs."""

    def __init__(self, places: Places) -> None:
        self.processes = {
            name: Process(
                name,
                ("-m", f"examples.town.legacy.{name}", "--data", str(places.town / name)),
                log=places.logs / f"{name}.log",
            )
            for name in NAMES
        }
        self._night = False

    async def start(self) -> None:
        """Start all three side by side.

        Raises:
            ProcessFailed: one of them did not come up.
        """
        results = await asyncio.gather(
            *(p.start() for p in self.processes.values()), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def stop(self) -> None:
        """Stop all three."""
        await asyncio.gather(*(p.stop() for p in self.processes.values()))

    def port(self, name: str) -> int:
        """Return the port on which a system listens."""
        return self.processes[name].port

    def states(self) -> dict[str, str]:
        """Return running, stopped or night by name."""
        return {
            name: "stopped"
            if not process.running
            else "night"
            if name == "welfare" and self._night
            else "running"
            for name, process in self.processes.items()
        }

    async def act(self, name: str, action: str) -> bool:
        """Stop or start a system, or make it night or day for the welfare system."""
        process = self.processes[name]
        if action == "stop":
            await process.stop()
            return True
        if action == "start":
            self._night = self._night and name != "welfare"
            try:
                await process.start()
            except ProcessFailed:
                return False
            return True
        if name != "welfare" or not process.running:
            return False
        control = SimulatorControl(process.port)
        clock = _NIGHT if action == "night" else DEFAULT_CLOCK
        await asyncio.to_thread(control.set_clock, clock)
        self._night = action == "night"
        return True
