"""Reads the welfare product "福祉ほっとシステム" over its SOAP service."""

from __future__ import annotations

from importlib.resources import as_file, files

from pydantic import BaseModel, ConfigDict, Field

from adapters.contract import Adapter, Host
from adapters.manifest import Manifest
from adapters.mapped import open_mapped
from adapters.mapping.model import Mapping, SoapRead
from adapters.sources.soap import SoapSource

PING = SoapRead(
    operation="TechoShokai",
    parameters={"RiyoshaId": "{settings.riyosha_id}", "FukushiNo": "Z0000000"},
)


class Settings(BaseModel):
    """``address`` is where the service listens; ``riyosha_id`` is the town's user id there."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: str = Field(pattern=r"^https?://[^\s?#]+$")
    riyosha_id: str = Field(pattern=r"^[A-Za-z0-9]{1,8}$")


def open_adapter(host: Host, settings: Settings) -> Adapter:
    """Return the adapter; nothing is connected before the first question."""
    package = files(__package__)

    def open_source(_manifest: Manifest, mapping: Mapping) -> SoapSource:
        with as_file(package.joinpath("welfare.wsdl")) as wsdl:
            return SoapSource(
                host.http,
                wsdl,
                settings.address,
                settings={"riyosha_id": settings.riyosha_id},
                faults=mapping.faults,
                fault_code="Code",
                reopens="SaikaiNichiji",
                ping=PING,
            )

    return open_mapped(
        host,
        package.joinpath("manifest.yaml").read_text("utf-8"),
        package.joinpath("mapping.yaml").read_text("utf-8"),
        open_source,
    )
