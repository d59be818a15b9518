"""The settings of the online service, read from one JSON file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class ReadyResident:
    """A resident to choose in the demonstration. ``key`` means nothing; ``handle`` is ours."""

    key: str
    handle: str
    description: dict[str, str]


@dataclass(frozen=True, slots=True)
class DemoControl:
    """Where the demonstration's stop and start buttons go."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the service has to know at start.

    ``key_file`` is a private JWK (ES256). ``town_day`` is the date of the demonstration. Without
    ``demo`` the page has no demonstration controls.
    """

    gateway_url: str
    client_id: str
    municipality: str
    purpose: str
    key_file: Path
    records_file: Path
    town_day: dt.date
    residents: tuple[ReadyResident, ...]
    demo: DemoControl | None = None
    answer_timeout_s: float = 40.0


def read_config(path: Path) -> Config:
    """Return the configuration.

    Raises:
        KeyError: a setting is missing.
        orjson.JSONDecodeError: the file is not JSON.

    """
    data: dict[str, Any] = orjson.loads(path.read_bytes())
    demo = data.get("demo")
    return Config(
        gateway_url=data["gateway_url"],
        client_id=data["client_id"],
        municipality=data["municipality"],
        purpose=data["purpose"],
        key_file=Path(data["key_file"]),
        records_file=Path(data["records_file"]),
        town_day=dt.date.fromisoformat(data["town_day"]),
        residents=tuple(
            ReadyResident(r["key"], r["handle"], r["description"]) for r in data["residents"]
        ),
        demo=DemoControl(demo["url"], demo["token"]) if demo else None,
        answer_timeout_s=data.get("answer_timeout_s", 40.0),
    )
