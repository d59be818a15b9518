"""The whole gateway, as an attacker in the inner network reaches it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.keys import FileKeyStore
from gateway.settings import Settings
from tests.gateway.questions.conftest import World, world
from tests.redteam.siege import Siege, besieged

__all__ = ["world"]


@dataclass(frozen=True, slots=True)
class Target:
    """The gateway under attack, and a way to it."""

    app: FastAPI
    http: httpx.AsyncClient


@pytest.fixture
async def target(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Target]:
    """Run the gateway on an empty database with the settings of production."""
    database = _copied(sqlite_template, tmp_path)
    FileKeyStore(tmp_path / "keys").create()
    settings = Settings(
        database_url=f"sqlite:///{database}",
        keys_dir=tmp_path / "keys",
        adapters_file=tmp_path / "adapters.yaml",
        certificates_dir=tmp_path / "certificates",
        editions_dir=tmp_path / "editions",
        log_level="error",
    )
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url=settings.public_url,
        ) as http,
    ):
        yield Target(app, http)


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of an empty, migrated database: how to break in does not depend on which."""
    return f"sqlite+aiosqlite:///{_copied(sqlite_template, tmp_path)}"


def _copied(template: Path, folder: Path) -> Path:
    """Copy an empty installation, with the store of My Numbers beside it."""
    for file in template.parent.iterdir():
        shutil.copy(file, folder / file.name)
    return folder / template.name


@pytest.fixture
async def siege(world: World, keys: FileKeyStore) -> AsyncIterator[Siege]:
    """The gateway under siege, and its attackers."""
    async with besieged(world, keys) as under_siege:
        yield under_siege
