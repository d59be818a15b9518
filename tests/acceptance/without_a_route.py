"""A gateway on a machine that has no way out; run inside a network namespace of its own.

Arguments: the folder of a gateway, the number of a person. Prints what became of it.
"""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from tests.acceptance.town_under_test import examiner, served

PORT = 8000


async def main(folder: Path, number: str) -> None:
    """Start it, read its documentation, ask it something."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)  # noqa: ASYNC221 - at the start
    require_no_route()
    url = f"http://127.0.0.1:{PORT}"
    async with (
        examiner(folder, url, [number]) as asker,
        served(folder, url, folder.parent / "log"),
        httpx.AsyncClient(trust_env=False) as http,
    ):
        assets = await read_page(http, f"{url}/docs")
        answer = await asker.ask(number)
    print(f"{assets} assets, outcome {answer['outcome']}, {len(answer['question_id'])}")  # noqa: T201


def require_no_route() -> None:
    """See that the namespace is what it should be.

    Raises:
        RuntimeError: there is a way out.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        if probe.connect_ex(("192.0.2.1", 53)) != errno.ENETUNREACH:
            raise RuntimeError


async def read_page(http: httpx.AsyncClient, url: str) -> int:
    """Read a page and all that it loads; return how many files that were, all of them ours."""
    page = (await http.get(url)).raise_for_status()
    found = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    # What stands in the page itself (data:) is loaded from nowhere.
    for target in {urljoin(url, link) for link in found if not link.startswith("data:")}:
        if urlsplit(target).netloc != urlsplit(url).netloc:
            raise RuntimeError
        (await http.get(target)).raise_for_status()
    return len(found)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
