"""A headless Chromium for the tests that look at pages.

It lives as long as one test module: while Playwright's synchronous interface is open its event
loop counts as running, and no asynchronous test could run beside it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.left_out import leave_out

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


NOT_RUN = pytest.StashKey[int]()


def _path() -> str | None:
    """Return where Chromium is, or None."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    return path if Path(path).exists() else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests that need Chromium out where there is none; CI always has it."""
    if not _path():
        leave_out(config, items, "browser", NOT_RUN)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say in one line what was left out."""
    if count := config.stash.get(NOT_RUN, 0):
        terminalreporter.write_line(
            f"Chromium がないので、ブラウザのテスト {count} 件は実行していません。 / "
            f"No Chromium here: {count} browser tests were not run."
        )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    path = _path()
    assert path is not None, "Chromium is not installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()
