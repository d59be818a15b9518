"""The settings file of the online service for this run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from examples.town.demo.gateway import CLIENT_ID, MUNICIPALITY, PURPOSE, GatewaySetup
from examples.town.demo.places import Places
from examples.town.demo.residents import TownResident

TOWN_DAY: Final = "2026-10-01"
"""The reference day of the generator."""


def write_service_config(
    places: Places,
    setup: GatewaySetup,
    residents: Sequence[TownResident],
    handles: Mapping[str, str],
    *,
    control: tuple[str, str],
) -> Path:
    """Write the settings file, readable by its owner only, and return its path.

    ``handles`` are this consumer's handles by the resident's number.
    """
    url, token = control
    content = {
        "gateway_url": setup.url,
        "client_id": CLIENT_ID,
        "municipality": MUNICIPALITY,
        "purpose": PURPOSE,
        "key_file": str(setup.client_key),
        "records_file": str(places.service / "records.db"),
        "town_day": TOWN_DAY,
        "residents": [
            {"key": r.key, "handle": handles[r.number], "description": r.description}
            for r in residents
        ],
        "demo": {"url": url, "token": token},
    }
    places.service.mkdir(parents=True, exist_ok=True)
    path = places.service / "settings.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    return path
