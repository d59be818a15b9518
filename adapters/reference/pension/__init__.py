"""Reads the file that the pension host hands over every night."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from adapters.contract import Adapter, Host
from adapters.files.delivery_rules import DeliveryFile, DeliveryRules
from adapters.mapped import open_mapped
from adapters.sources.files import FileSource
from adapters.sources.places import FolderPlace

DELIVERY = DeliveryRules(files={"nenkin": DeliveryFile(name="NENKIN.DAT")})


class Settings(BaseModel):
    """``delivery`` is the folder where the product, or a transfer, puts its files."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    delivery: Path


def open_adapter(host: Host, settings: Settings) -> Adapter:
    """Return the adapter; no file is read before the first extract."""
    package = files(__package__)
    with as_file(package) as layouts:
        return open_mapped(
            host,
            package.joinpath("manifest.yaml").read_text("utf-8"),
            package.joinpath("mapping.yaml").read_text("utf-8"),
            lambda _manifest, _mapping: FileSource(
                FolderPlace(settings.delivery), layouts, DELIVERY
            ),
        )
