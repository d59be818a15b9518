"""A person at the online service."""

from __future__ import annotations

import re

import httpx


class Visitor:
    """A person at the online service, with a browser that runs no scripts."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.page = ""

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        response = await self.http.get(path, follow_redirects=True)
        self.page = response.text
        return response

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Press a button of the page that is open, with these fields filled in."""
        token = re.search(r'name="token" value="([0-9a-f]+)"', self.page)
        body = {"token": token[1] if token else "", "page": "form", **fields}
        response = await self.http.post(path, data=body, follow_redirects=True)
        self.page = response.text
        return response

    async def begin(self, resident: str = "a") -> httpx.Response:
        """Choose a resident and see the form."""
        await self.get("/")
        return await self.post("/start", resident=resident)

    def field(self, key: str) -> str:
        """Return the HTML of one field of the form."""
        match = re.search(rf'data-field="{key}">(.*?)</dd>', self.page, re.DOTALL)
        assert match is not None, f"the page has no field {key}"
        return match[1]

    def names(self, prefix: str) -> list[str]:
        """Return the names of the entries that begin so, in the order of the page."""
        found = re.findall(rf'name="({prefix}[^"]*)"', self.page)
        return list(dict.fromkeys(found))
