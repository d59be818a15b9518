"""A new adapter as a distribution of its own: complete, small, and green from the first minute."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

SCAFFOLDS: Final = ("sql", "rest", "file")
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class ScaffoldError(Exception):
    """Nothing was written; the texts say why."""

    def __init__(self, text_ja: str, text_en: str) -> None:
        super().__init__(text_en)
        self.text_ja = text_ja
        self.text_en = text_en


def scaffold(name: str, source: str, directory: Path) -> list[Path]:
    """Write the distribution ``directory/name`` and return its files.

    Args:
        name: id of the adapter, ``kebab-case``; the package has ``_`` for ``-``.
        source: one of ``SCAFFOLDS``.

    Raises:
        ScaffoldError: the name or the source is none, or the folder is there already.
    """
    if not _NAME.fullmatch(name):
        raise ScaffoldError(
            f"名前 {name} は英小文字・数字・ハイフンで書いてください。",
            f"{name}: use lower-case letters, digits and hyphens",
        )
    if source not in SCAFFOLDS:
        known = ", ".join(SCAFFOLDS)
        raise ScaffoldError(f"つなぎ方は {known} のどれかです。", f"the source is one of {known}")
    root = directory / name
    if root.exists():
        raise ScaffoldError(f"{root} は既にあります。", f"{root} is there already")
    templates = files("adapters.conformance").joinpath("templates")
    written: list[Path] = []
    for part in ("common", source):
        written += _write(templates.joinpath(part), root, name)
    return sorted(written)


def _write(folder: Traversable, target: Path, name: str) -> list[Path]:
    written: list[Path] = []
    for entry in folder.iterdir():
        place = target / _filled(entry.name.removesuffix(".template"), name)
        if entry.is_dir():
            written += _write(entry, place, name)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_filled(entry.read_text("utf-8"), name), "utf-8")
        written.append(place)
    return written


def _filled(text: str, name: str) -> str:
    return text.replace("__package__name__", name.replace("-", "_")).replace("__name__id__", name)
