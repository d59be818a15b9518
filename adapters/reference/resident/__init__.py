"""Reads the resident product "住記まち V7" from its tables."""

from __future__ import annotations

from importlib.resources import files

from pydantic import BaseModel, ConfigDict, SecretStr

from adapters.contract import Adapter, Host
from adapters.mapped import open_mapped
from adapters.sources.sql import SqlSource

PROBE = "SELECT han FROM jkseigyo"


class Settings(BaseModel):
    """``database_url`` is an SQLAlchemy address with an async driver, password included."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: SecretStr


def open_adapter(host: Host, settings: Settings) -> Adapter:
    """Return the adapter; nothing is connected before the first question."""
    package = files(__package__)
    return open_mapped(
        host,
        package.joinpath("manifest.yaml").read_text("utf-8"),
        package.joinpath("mapping.yaml").read_text("utf-8"),
        lambda manifest, _mapping: SqlSource(
            settings.database_url.get_secret_value(),
            pool_size=manifest.limits.max_concurrency,
            network=host.network,
            probe=PROBE,
        ),
    )
