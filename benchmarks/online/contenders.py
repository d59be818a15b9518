"""The processes that are compared, each on a port of its own; what is not installed is left out."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_S = 180
"""What a start may take on a machine that others work on."""
YARDSTICKS = Path(__file__).parent / "yardsticks"
LUA_MODULE = Path("/usr/share/nginx/modules-available/mod-http-lua.conf")
MISSING = {
    "nginx": "nginx is left out: apt-get install nginx",
    "nginx-lua": "nginx-lua is left out: apt-get install nginx libnginx-mod-http-lua lua-cjson",
    "fastify": "fastify is left out: npm ci in benchmarks/online/yardsticks (needs node and npm)",
}
_PROXY = """
  upstream one {{ server 127.0.0.1:{resident}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://one; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
"""
_LUA = """
  upstream resident {{ server 127.0.0.1:{resident}; keepalive 64; keepalive_requests 1000000; }}
  upstream tax {{ server 127.0.0.1:{tax}; keepalive 64; keepalive_requests 1000000; }}
  upstream welfare {{ server 127.0.0.1:{welfare}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    proxy_http_version 1.1; proxy_set_header Connection "";
    location /resident {{ internal; proxy_pass http://resident/ask; }}
    location /tax {{ internal; proxy_pass http://tax/ask; }}
    location /welfare {{ internal; proxy_pass http://welfare/ask; }}
    location /ask {{
      content_by_lua_block {{
        local cjson = require "cjson"
        local function half(row)
          local kept, n = {{}}, 0
          for k, v in pairs(row) do
            n = n + 1
            if n % 2 == 1 then kept[k] = v end
          end
          return kept
        end
        ngx.req.read_body()
        local how = {{ method = ngx.HTTP_POST }}
        local r, t, w = ngx.location.capture_multi{{
          {{ "/resident", how }}, {{ "/tax", how }}, {{ "/welfare", how }} }}
        local body = cjson.encode({{
          resident = half(cjson.decode(r.body)[1]),
          tax = half(cjson.decode(t.body).kazei[1]),
          welfare = half(cjson.decode(w.body).JidoTeate[1]) }})
        ngx.header["content-type"] = "application/json"
        ngx.header["content-length"] = #body
        ngx.print(body)
      }}
    }}
  }}
"""
_NGINX = """
{modules}
daemon off; master_process on; worker_processes 1; pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {server}
}}
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A running process, by the name under which it is reported."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu_s(self) -> float:
        """Return the seconds of CPU that the process and its children have used."""
        return sum(_cpu_s(pid) for pid in _tree(self.process.pid))


@dataclass
class Cores:
    """Which core runs what is measured, and which the load, the systems and the database."""

    measured: int = field(default_factory=lambda: sorted(os.sched_getaffinity(0))[-1])
    others: int = field(default_factory=lambda: sorted(os.sched_getaffinity(0))[0])


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(
    arguments: Sequence[str], core: int | str, port: int, environment: Mapping[str, str], log: Path
) -> Iterator[Contender]:
    """Run a process on one core until the end of the block; wait until it listens.

    ``core`` may also be a list of cores, as taskset has it.
    """
    with log.open("ab") as out:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *arguments],
            env={**os.environ, **environment},
            stdout=out,
            stderr=out,
        )
        try:
            _wait(process, port, log)
            yield Contender(process, port)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def nginx(folder: Path, port: int, systems: Mapping[str, int], *, lua: bool) -> list[str] | None:
    """Return the command of nginx as a proxy of one system, or with Lua of all three."""
    if shutil.which("nginx", path="/usr/sbin:/usr/bin") is None or (
        lua and not LUA_MODULE.exists()
    ):
        return None
    own = folder / ("lua" if lua else "proxy")
    own.mkdir()
    modules = ""
    if lua:
        names = ("10-mod-http-ndk.conf", "50-mod-http-lua.conf")
        enabled = (Path("/etc/nginx/modules-enabled") / name for name in names)
        listed = "\n".join(path.read_text() for path in enabled if path.exists())
        modules = listed.replace("modules/", "/usr/lib/nginx/modules/")
    server = (_LUA if lua else _PROXY).format(port=port, **systems)
    (own / "nginx.conf").write_text(_NGINX.format(modules=modules, folder=own, server=server))
    return ["/usr/sbin/nginx", "-p", str(own), "-c", str(own / "nginx.conf")]


def fastify(port: int, systems: Mapping[str, int]) -> list[str] | None:
    """Return the command of the aggregator on node."""
    if shutil.which("node") is None or not (YARDSTICKS / "node_modules/fastify").exists():
        return None
    return ["node", str(YARDSTICKS / "aggregator.mjs"), str(port), *map(str, systems.values())]


def usual(port: int) -> list[str]:
    """Return the command of the usual design."""
    app = "benchmarks.online.usual:app"
    return [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log",
            "--log-level", "warning", "--backlog", "1024"]  # fmt: skip


def hitotsu(port: int, *, audit: bool = True) -> list[str]:
    """Return the command of the gateway, as it is run in production."""
    module = "gateway.cli" if audit else "benchmarks.online.without_audit"
    return [sys.executable, "-m", module, "serve", "--port", str(port)]


def load(core: int, requests: Path, port: int, connections: int, word: str) -> dict[str, float]:
    """Send the prepared requests and return the figures of the load."""
    module = [sys.executable, "-m", "benchmarks.online.generator"]
    arguments = [str(requests), str(port), str(connections), word]
    found = subprocess.run(
        ["taskset", "-c", str(core), *module, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if found.returncode:
        raise SystemExit(found.stderr)
    figures: dict[str, float] = json.loads(found.stdout)
    if figures["bad"]:
        print(f"{figures['bad']} bad answers, the first:\n{found.stderr[:800]}")
    return figures


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{process.args!r} does not listen:\n{log.read_text()[-2000:]}")


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _tree(int(child))


def _cpu_s(pid: int) -> float:
    """Source: proc(5): utime and stime are the 14th and 15th field of stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
