"""The reference adapters with their mappings, reading JSON over HTTP from the faked systems.

What is left of the resident and the welfare product are their row plans: SQL and SOAP would measure
their drivers. Installed as a vendor's package is, by an entry point in a folder on the path.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

GROUPS = {
    "resident": "001.juminkihonjoho",
    "tax": "010.kazeikihonjoho",
    "welfare": "027.jukyushikakujoho",
}
READS = {"resident": "atena", "tax": "kazei", "welfare": "teate"}
SLOTS_OF_A_SYSTEM = 64
NUMBER = "@NUMBER@"
"""Stands in an answer where the number goes."""

_CODE = """
from importlib.resources import files
from pydantic import BaseModel, ConfigDict
from adapters.mapped import open_mapped
from adapters.mapping.model import RestRead
from adapters.sources.rest import RestSource


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    base_url: str


def open_adapter(host, settings):
    package = files(__package__)
    return open_mapped(
        host,
        package.joinpath("manifest.yaml").read_text("utf-8"),
        package.joinpath("mapping.yaml").read_text("utf-8"),
        lambda _manifest, _mapping: RestSource(
            host.http, settings.base_url, headers={}, ping=RestRead(path="/ask")
        ),
    )
"""


def install(folder: Path) -> None:
    """Write the three adapters below ``folder``, which belongs on the path of Python."""
    points = ["[hitotsu.adapters]"]
    for system in GROUPS:
        package = f"benchmark_{system}"
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text(_CODE)
        for name, document in (("manifest", _manifest(system)), ("mapping", _mapping(system))):
            text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
            (folder / package / f"{name}.yaml").write_text(text, "utf-8")
        points.append(f"benchmark-{system} = {package}")
    metadata = folder / "benchmark-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: benchmark\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("\n".join(points) + "\n")


def answers() -> dict[str, dict[str, str]]:
    """Return what each system answers, by path; ``*`` is every other path."""
    resident = yaml.safe_load(_reference("resident", "conformance/answers/atena.yaml"))
    tax = json.loads(_reference("tax", "conformance/answers/kazei.json"))
    welfare = {
        "FukushiNo": NUMBER,
        "AtenaNo": NUMBER,
        "DataKijun": "20261001091000",
        "JidoTeate": [
            {
                "NinteiNo": "0000004711",
                "SeikyuBi": "20241001",
                "NinteiBi": "20241015",
                "ShikyuKaishi": "202411",
                "Jotai": "SK",
                "HiyoKbn": "A",
                "HaigushaAtenaNo": NUMBER,
                "KokinKoza": "Y",
            }
        ],
    }
    return {
        "resident": {"*": _filled(resident), "/sien": "[]"},
        "tax": {"*": _filled(tax)},
        "welfare": {"*": json.dumps(welfare)},
    }


def _manifest(system: str) -> dict[str, Any]:
    """Return the reference manifest, cut down to one group; for all there is to measure."""
    manifest: dict[str, Any] = yaml.safe_load(_reference(system, "manifest.yaml"))
    group = GROUPS[system]
    flags = ["protection-flags"] if system == "resident" else []
    manifest |= {
        "id": f"benchmark-{system}",
        "capabilities": ["fetch", *flags],
        "supplies": [
            {name: said for name, said in supply.items() if name != "history"}
            for supply in manifest["supplies"]
            if supply["group"] == group
        ],
        "links": [x for x in manifest.get("links", []) if x["item"].startswith(group)],
        "limits": {"max_concurrency": SLOTS_OF_A_SYSTEM, "timeout_s": 5},
    }
    for key in ("except_capabilities", "hours", "members"):
        manifest.pop(key, None)
    return manifest


def _mapping(system: str) -> dict[str, Any]:
    """Return the reference mapping of one group, its read made over JSON."""
    mapping: dict[str, Any] = yaml.safe_load(_reference(system, "mapping.yaml"))
    name = READS[system]
    read = mapping["reads"][name]
    reads = {name: read if "rest" in read else _rest(read["as_of"], "/ask")}
    if system == "resident":
        reads["sien"] = _rest(None, "/sien")
    mapping |= {"reads": reads, "groups": {GROUPS[system]: mapping["groups"][GROUPS[system]]}}
    for key in ("faults", "search", "changes", "extract", "submit", "history"):
        mapping.pop(key, None)
    used = json.dumps(mapping["groups"])
    tables = mapping["code_tables"]
    mapping["code_tables"] = {k: t for k, t in tables.items() if f'"codes": "{k}"' in used}
    return mapping


def _rest(as_of: dict[str, Any] | None, path: str) -> dict[str, Any]:
    read: dict[str, Any] = {"rest": {"path": path, "body": {"number": "{number}"}}}
    if path == "/sien":
        read["rest"]["body"] = {}
    return read | ({"as_of": as_of} if as_of else {})


def _filled(answer: Any) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    for slot, said in (("number", NUMBER), ("atena", NUMBER), ("shimei", "例示　花子"),
                       ("kana", "ﾚｲｼﾞ ﾊﾅｺ"), ("banchi", "一番地")):  # fmt: skip
        text = text.replace("{{" + slot + "}}", said)
    return text


def _reference(system: str, name: str) -> str:
    return files(f"adapters.reference.{system}").joinpath(name).read_text("utf-8")
