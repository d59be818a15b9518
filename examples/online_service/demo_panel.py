"""The demonstration's own controls: what runs, and the buttons that stop and start it."""

from __future__ import annotations

from typing import Final

import httpx

from examples.online_service.config import DemoControl

SYSTEMS: Final = ("resident", "tax", "welfare")
ACTIONS: Final = ("stop", "start", "night", "day")
_TIMEOUT_S: Final = 30.0


class DemoPanel:
    """Speaks to the supervisor of the demonstration, which really stops and starts processes."""

    def __init__(self, control: DemoControl, http: httpx.AsyncClient) -> None:
        self._url = control.url
        self._headers = {"Authorization": f"Bearer {control.token}"}
        self._http = http

    async def states(self) -> dict[str, str]:
        """Return running, stopped, night or unknown for each system."""
        try:
            response = await self._http.get(
                f"{self._url}/systems", headers=self._headers, timeout=_TIMEOUT_S
            )
            response.raise_for_status()
            states = response.json()
        except (httpx.HTTPError, ValueError):
            states = {}
        return {name: states.get(name, "unknown") for name in SYSTEMS}

    async def act(self, system: str, action: str) -> bool:
        """Carry an action out and tell whether it succeeded."""
        try:
            response = await self._http.post(
                f"{self._url}/systems/{system}/{action}",
                headers=self._headers,
                timeout=_TIMEOUT_S,
            )
        except httpx.HTTPError:
            return False
        return response.is_success
