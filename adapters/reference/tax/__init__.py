"""Reads the tax product "税務ひろば" over its JSON service."""

from __future__ import annotations

from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from adapters.contract import Adapter, Host
from adapters.mapped import open_mapped
from adapters.mapping.model import RestRead
from adapters.sources.rest import RestSource

PING = RestRead(method="GET", path="/zeimu/api/v2/jotai")


class Settings(BaseModel):
    """``base_url`` is scheme, host and port of the service; ``api_key`` its key for us."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = Field(pattern=r"^https?://[^\s/?#]+/?$")
    api_key: SecretStr


def open_adapter(host: Host, settings: Settings) -> Adapter:
    """Return the adapter; nothing is connected before the first question."""
    package = files(__package__)
    return open_mapped(
        host,
        package.joinpath("manifest.yaml").read_text("utf-8"),
        package.joinpath("mapping.yaml").read_text("utf-8"),
        lambda _manifest, _mapping: RestSource(
            host.http,
            settings.base_url,
            headers={"X-Zeimu-Key": settings.api_key.get_secret_value()},
            ping=PING,
        ),
    )
