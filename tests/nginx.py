"""A real nginx that ends TLS in front of a gateway, set up as the operations page says."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.left_out import leave_out

NOT_RUN = pytest.StashKey[int]()
PROXY = "127.0.0.2"
"""From where it calls the gateway; everybody else on this machine is 127.0.0.1."""
START_S = 10
_CONFIG = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log error;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_verify_client optional_no_ca;
    location / {{
      proxy_pass {behind}; proxy_bind {proxy};
      proxy_set_header Client-Cert $ssl_client_escaped_cert;
      proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
"""


def path() -> str | None:
    """Return where nginx is, or None."""
    return shutil.which("nginx", path=f"/usr/sbin:{os.environ.get('PATH', '')}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests that need nginx out where there is none; CI always has it."""
    if not path():
        leave_out(config, items, "nginx", NOT_RUN)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say in one line what was left out."""
    if count := config.stash.get(NOT_RUN, 0):
        terminalreporter.write_line(
            f"nginx がないので、{count} 件のテストは実行していません。 / "
            f"No nginx here: {count} tests were not run."
        )


@dataclass(frozen=True, slots=True)
class Ending:
    """Where TLS ends: the address, and the certificate that it shows."""

    url: str
    certificate: Path

    def context(self, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
        """Return how a client connects, with its own certificate if it has one."""
        made = ssl.create_default_context(cafile=str(self.certificate))
        if certificate is not None:
            made.load_cert_chain(certificate, key)
        return made


def write(folder: Path, name: str, made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a certificate and its key as files."""
    (folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.key").write_bytes(content)


@contextmanager
def in_front_of(behind: str, folder: Path) -> Iterator[Ending]:
    """Run nginx in front of the gateway at ``behind``; ``folder`` holds ``server.pem`` and key."""
    command = path()
    assert command is not None, "nginx is not installed"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, behind=behind, proxy=PROXY))
    process = subprocess.Popen([command, "-p", str(folder), "-c", str(config)])
    try:
        _await(process, port, folder)
        yield Ending(f"https://127.0.0.1:{port}", folder / "server.pem")
    finally:
        process.terminate()
        process.wait(START_S)


def _await(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    """Return when nginx listens."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=START_S).close()
        except ConnectionRefusedError:
            continue
        return
    raise AssertionError((folder / "error.log").read_text())
