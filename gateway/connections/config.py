"""The file in which IT staff switch adapters on, one entry per municipality and adapter.

```yaml
adapters:
  - adapter: reference-resident     # id in the adapter's manifest
    municipality: "999997"          # 団体コード, 6 digits
    settings:                       # what the adapter's own documentation asks for
      database_url: postgresql+asyncpg://machi_ro@127.0.0.1:5433/juki
    hours:                          # when this town's system is closed; else as the manifest says
      closed: [{closes: "23:00", opens: "06:00"}]
    destinations: ["login.example"] # what it calls beside the addresses in its settings
  - adapter: reference-pension
    municipality: "999997"
    settings: {delivery: /srv/nenkin}
    hand_over:                      # of files in a folder or on a medium
      signed_by: nenkin-public.json # JWK Set of those who hand them over
      scan: [clamdscan, --fdpass, --no-summary]
```

Installed never means enabled: an adapter that is not listed here is never opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from adapters.hours import Hours
from standard_models.safe_yaml import safe_load


class AdaptersFileError(Exception):
    """The adapters file cannot be used; ``problems`` lists everything that is wrong in it."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(problems))
        self.path = path
        self.problems = problems


class HandOver(BaseModel):
    """What a delivery of files must prove before anything of it is read, and what becomes of it.

    A delivery in a folder needs a signature unless the operator says ``accept_unsigned``.
    ``signed_by`` is a file with the public keys (JWK Set) of those who hand over. ``scan`` is a
    program with its arguments; it gets the path of each file and ends with 0 for a clean one and
    with 1 for malware. What is refused goes to ``quarantine``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    signed_by: Path | None = None
    accept_unsigned: bool = False
    scan: tuple[str, ...] = ()
    scan_timeout_s: float = Field(default=600.0, gt=0, le=86_400)
    quarantine: Path = Path("./var/quarantine")
    delete_when_loaded: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.signed_by is not None and self.accept_unsigned:
            msg = "signed_by and accept_unsigned contradict each other"
            raise ValueError(msg)
        return self


class EnabledAdapter(BaseModel):
    """One adapter switched on for one municipality."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adapter: str = Field(min_length=1, max_length=64)
    municipality: str = Field(pattern=r"^\d{6}$")
    settings: dict[str, Any] = Field(default_factory=dict, repr=False)
    hours: Hours | None = None
    """When the source is closed in this town; without it, what the manifest says."""
    destinations: tuple[str, ...] = ()
    """Addresses that the adapter calls beside those in its settings (``host``, ``host:port``)."""
    hand_over: HandOver = HandOver()
    """How deliveries of files are checked."""


class AdaptersFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adapters: tuple[EnabledAdapter, ...] = ()

    @field_validator("adapters")
    @classmethod
    def _one_entry_each(cls, entries: tuple[EnabledAdapter, ...]) -> tuple[EnabledAdapter, ...]:
        seen: set[tuple[str, str]] = set()
        for entry in entries:
            key = (entry.municipality, entry.adapter)
            if key in seen:
                msg = f"{entry.adapter} is listed twice for {entry.municipality}"
                raise ValueError(msg)
            seen.add(key)
        return entries


def read_adapters_file(path: Path) -> AdaptersFile:
    """Return the enabled adapters. A missing file means that none is enabled.

    Raises:
        AdaptersFileError: unreadable YAML, unknown keys, wrong shapes; secrets are not repeated.
    """
    if not path.exists():
        return AdaptersFile()
    try:
        content = safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "unknown position"
        raise AdaptersFileError(path, [f"not YAML ({where})"]) from None
    try:
        return AdaptersFile.model_validate(content or {})
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, e['loc'])) or '(top)'}: {e['msg']}"
            for e in error.errors(include_input=False, include_url=False)
        ]
        raise AdaptersFileError(path, problems) from None
