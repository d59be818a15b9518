"""The few commands of the vendors' tutorial, run in one process in a folder of their own.

``hitotsu`` is called without starting Python anew; an installation builds the wheel as pip does and
unpacks it beside the folder. Nothing else is understood, so that the tutorial stays that small.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.commands import app

_BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


class VendorShell:
    """A shell in ``folder``; the environment and the modules are put back by ``monkeypatch``."""

    def __init__(self, folder: Path, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._package = package
        self._patch = monkeypatch
        self._here(folder)

    def write(self, name: str, text: str) -> None:
        """Write a file below the present folder."""
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def run(self, block: str) -> tuple[int, str]:
        """Return the last exit code and everything that the lines of a block print."""
        code, printed = 0, ""
        for line in block.splitlines():
            code, text = self._line(shlex.split(line))
            printed += text
        return code, printed

    def _line(self, words: list[str]) -> tuple[int, str]:
        match words:
            case ["hitotsu", *rest]:
                result = CliRunner().invoke(app, rest)
                assert result.exception is None or isinstance(result.exception, SystemExit), words
                return result.exit_code, result.output
            case ["export", *pairs]:
                for pair in pairs:
                    self._patch.setenv(*pair.split("=", 1))
            case ["cd", folder]:
                self._here(Path.cwd() / folder)
            case ["pip", "install", "--no-deps", "--no-build-isolation", folder]:
                self._install(Path(folder))
            case _:
                _change_files(words)
        return 0, ""

    def _here(self, folder: Path) -> None:
        self._patch.chdir(folder)
        self._forget()

    def _install(self, distribution: Path) -> None:
        wheels, site = self._folder / "wheels", self._folder / "site"
        wheels.mkdir()
        subprocess.run(  # builds what the tutorial wrote
            [sys.executable, "-c", _BUILD, str(wheels)],
            cwd=distribution,
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        (wheel,) = wheels.iterdir()
        with zipfile.ZipFile(wheel) as content:
            content.extractall(site)
        self._patch.syspath_prepend(str(site))
        self._forget()

    def _forget(self) -> None:
        """Forget what was imported of the package, and where: each command starts anew."""
        for name in [n for n in sys.modules if n.partition(".")[0] == self._package]:
            del sys.modules[name]
        kept = [
            p
            for p in sys.path
            if not (Path(p) / "pyproject.toml").exists() or not (Path(p) / self._package).is_dir()
        ]
        self._patch.setattr(sys, "path", kept)
        importlib.invalidate_caches()


def _change_files(words: list[str]) -> None:
    match words:
        case ["mkdir", folder]:
            Path(folder).mkdir()
        case ["rm", *files]:
            for file in files:
                Path(file).unlink()
        case ["cp", *files, target]:
            for file in files:
                shutil.copy(file, target)
        case ["sha256sum", file, ">", target]:
            digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()
            Path(target).write_text(f"{digest}  {Path(file).name}\n")
        case _:
            msg = f"the tutorial's shell does not know: {shlex.join(words)}"
            raise AssertionError(msg)
