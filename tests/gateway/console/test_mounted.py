"""The console in the whole gateway: there only where it is configured."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import Settings


@pytest.mark.parametrize(("networks", "status"), [([], 404), (["192.0.2.0/24"], 200)])
async def test_there_is_a_console_only_for_configured_networks(
    tmp_path: Path, networks: list[str], status: int
) -> None:
    """NZ-4: off by default."""
    (tmp_path / "adapters.yaml").write_text("adapters: []\n")
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'hitotsu.db'}",
        keys_dir=tmp_path / "keys",
        adapters_file=tmp_path / "adapters.yaml",
        certificates_dir=tmp_path / "certificates",
        editions_dir=tmp_path / "editions",
        console_networks=networks,
    )
    transport = httpx.ASGITransport(create_app(settings), client=("192.0.2.4", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as http:
        assert (await http.get("/console/login")).status_code == status
        assert (await http.get("/assets/console.css")).status_code == 200
