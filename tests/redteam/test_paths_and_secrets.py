"""What comparable systems have failed at: paths that lead out, secrets in errors and logs.

Also AT-9: no key in the database, a log, a figure or the project itself.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx

from adapters.contract import FetchRequest, FetchResult
from gateway.keys import FileKeyStore
from gateway.store.backup import write_backup
from tests.redteam.siege import Siege

REPOSITORY = Path(__file__).parents[2]
TRAVERSALS = (
    "/assets/..%2f..%2f..%2fpyproject.toml",
    "/assets/../../keys.json",
    "/assets/%2e%2e/%2e%2e/keys.json",
    "/assets/....//....//keys.json",
    "/assets/..%5c..%5ckeys.json",
    "/assets/page.css%00.html",
    "/problems/..%2f..%2fkeys",
    "/problems/*",
    "/evidence/status/..%2f2026",
    "/evidence/status/*",
    "/v1/catalogue/*",
    "/v1/catalogue/..%2f..%2foauth%2fjwks",
    "/v1/subjects/*/accesses",
    "//evil.example/v1/questions",
    "/v1/questions/../../metrics/../v1/evidence",
    "/.well-known/../keys.json",
    "/docs/%2e%2e%2fkeys.json",
)


async def test_no_path_leads_out_of_what_is_served(siege: Siege) -> None:
    """Traversal, wildcards, NUL: 4xx, and no word of a file."""
    for path in TRAVERSALS:
        raw = httpx.URL(str(siege.http.base_url)).copy_with(raw_path=path.encode())
        answer = await siege.http.get(raw)
        assert 400 <= answer.status_code < 500, path
        assert answer.headers["content-type"].startswith("application/problem+json"), path
        assert "BEGIN" not in answer.text
        assert "[project]" not in answer.text


async def test_no_secret_of_a_call_stands_in_an_error_a_log_or_a_figure(siege: Siege) -> None:
    """Sensitive headers in monitoring: with every kind of error, crashes included."""
    token = await siege.token()
    secrets = {
        "Cookie": "session=canary-cookie",
        "Client-Cert": "canary-certificate",
        "X-Api-Key": "canary-key",
        "Signature-Note": "canary-signature",
    }
    question = siege.bodies(siege.handle())["POST", "/v1/questions"]
    answers = [
        await siege.call("POST", "/v1/questions", question | change, headers=secrets)
        for change in ({}, {"items": []}, {"subject": "canary-subject"}, {"purpose": "other"})
    ]
    answers.append(await siege.http.post("/v1/questions", headers=secrets, content=b"{"))
    answers.append(await siege.http.request("BREW", "/canary-path", headers=secrets))

    async def crash(_: FetchRequest) -> FetchResult:
        raise RuntimeError("canary-inside " + token)

    siege.world.systems["resident"].script = crash
    answers.append(await siege.call("POST", "/v1/questions", question, headers=secrets))

    async def burst(*_: Any, **__: Any) -> Any:
        raise RuntimeError("canary-inside " + token)

    siege.world.questions._rooms.access.grants_for = burst
    crashed = await siege.call("POST", "/v1/questions", question, headers=secrets)
    assert crashed.status_code == 500
    written = siege.world.log.text + siege.world.metrics.render().decode()
    for answer in (*answers, crashed):
        written += str(answer.headers.multi_items()) + answer.text
    assert "canary" not in written
    assert token not in written
    assert siege.handle() not in siege.world.log.text


async def test_no_key_stands_in_the_database_a_log_or_a_figure(
    siege: Siege, keys: FileKeyStore, tmp_path: Path
) -> None:
    """AT-9: after calls of every kind; neither the private parts of keys nor the secrets."""
    for (method, path), body in siege.bodies(siege.handle()).items():
        await siege.call(method, path, body, headers={"Idempotency-Key": "secret-scan"})
    secrets = _secrets(json.loads(keys.path.read_text()))
    assert len(secrets) >= 6
    backup = io.BytesIO()
    await write_backup(siege.world.store, backup, now=siege.world.clock.now())
    database = (tmp_path / "hitotsu.db").read_bytes() + (tmp_path / "hitotsu.db-wal").read_bytes()
    written = siege.world.log.text + siege.world.metrics.render().decode()
    for secret in secrets:
        assert secret not in written
        assert secret.encode() not in database
        assert secret.encode() not in backup.getvalue()
    assert not any(secret in repr(keys.keys()) for secret in secrets)


def test_no_key_stands_in_the_project() -> None:
    """AT-9: what is kept under version control, and thus what an image is made of."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    ).stdout.decode()
    begin = rb"-----BEGIN (?:EC |RSA |ENCRYPTED )?PRIVATE KEY-----"
    marks = re.compile(begin + rb"\n[A-Za-z0-9+/=\n]{40}")
    private = re.compile(rb'"d": ?"[A-Za-z0-9_-]{40,}"')
    found = []
    for name in filter(None, listed.split("\0")):
        path = REPOSITORY / name
        content = path.read_bytes() if path.is_file() else b""
        if marks.search(content) or private.search(content):
            found.append(name)
    assert found == []


def _secrets(content: Any, name: str = "") -> list[str]:
    """Return what is secret in the file of keys."""
    if isinstance(content, dict):
        return [s for n, v in content.items() for s in _secrets(v, n)]
    if isinstance(content, list):
        return [s for v in content for s in _secrets(v, name)]
    return [content] if name in {"d", "secret", "audit"} and isinstance(content, str) else []
