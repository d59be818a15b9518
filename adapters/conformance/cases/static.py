"""K0: what can be told without running the adapter."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from adapters.conformance.description import FOLDER
from adapters.conformance.kit import Kit
from adapters.conformance.model import Case, Layer, Run, always
from adapters.conformance.purity import impurities
from adapters.contract import CONTRACT_VERSION
from adapters.errors import ConfigurationError
from adapters.manifest import Support
from adapters.mapped import disagreements
from adapters.mapping.document import Level
from adapters.mapping.lint import lint
from standard_models.reference.check_digits import my_number_check

FORBIDDEN_MODULES: Final = (
    "requests", "urllib.request", "urllib3", "aiohttp", "http.client", "socket", "ftplib",
    "smtplib", "subprocess", "multiprocessing", "threading", "ctypes", "pickle", "marshal",
    "shelve", "gateway", "fastapi", "logging",
)  # fmt: skip
FORBIDDEN_CALLS: Final = {
    "httpx.AsyncClient": "build no HTTP client; use host.http",
    "httpx.Client": "build no HTTP client; use host.http",
    "httpx.get": "use host.http",
    "httpx.post": "use host.http",
    "httpx.request": "use host.http",
    "os.environ": "read no environment; take it as a setting",
    "os.getenv": "read no environment; take it as a setting",
    "os.system": "start no process",
    "datetime.now": "ask host.clock",
    "datetime.today": "ask host.clock",
    "datetime.utcnow": "ask host.clock",
    "date.today": "ask host.clock",
    "time.time": "ask host.clock",
    "print": "log by host.log, and nothing personal",
    "eval": "run no text",
    "exec": "run no text",
}
SECRET_WORDS: Final = ("password", "secret", "token", "key", "url", "dsn", "credential")
"""Parts of names of settings that are secrets, or addresses that may hold one."""

HARMLESS: Final = frozenset({"base_url", "public_key"})


def python_files(kit: Kit) -> Iterator[tuple[str, ast.Module]]:
    """Yield the Python files of the adapter with their syntax."""
    for path in sorted(kit.folder.rglob("*.py")):
        yield path.relative_to(kit.folder).as_posix(), ast.parse(path.read_text("utf-8"))


async def manifest(kit: Kit) -> list[str]:
    """Look at contract range, contacts, and exceptions that name nothing."""
    found = []
    if not kit.manifest.contract.holds(CONTRACT_VERSION):
        found.append(f"contract: the range does not hold {CONTRACT_VERSION}")
    for supply in kit.manifest.supplies:
        group = kit.dictionary.find_group(supply.group)
        if group is None or group.edition_id != supply.edition:
            found.append(f"supplies: no installed edition {supply.edition} has {supply.group}")
            continue
        unknown = [e.field for e in supply.except_items if e.field not in group.by_field]
        found += [f"{supply.group}: except_items names {n}, which is no item" for n in unknown]
    if len({contact.email for contact in kit.manifest.contacts}) < 2:
        found.append("contacts: two different addresses are needed")
    return found


async def settings(kit: Kit) -> list[str]:
    """Look at the settings model: frozen, closed, silent about contents, secrets typed."""
    try:
        model = kit.installed.import_settings()
    except ConfigurationError as error:
        return [error.detail]
    config = model.model_config
    found = [
        f"Settings: model_config needs {name}={wanted!r}"
        for name, wanted in (
            ("frozen", True), ("extra", "forbid"), ("hide_input_in_errors", True),
        )
        if config.get(name) != wanted
    ]  # fmt: skip
    found += [
        f"Settings.{name}: a secret is a SecretStr, so that nothing prints it"
        for name in _open_secrets(model)
    ]
    try:
        model.model_json_schema()
    except Exception as error:  # noqa: BLE001 - vendor code may raise anything
        found.append(f"Settings: no JSON Schema can be made ({type(error).__name__})")
    return found


def _open_secrets(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        secret = any(word in name.lower() for word in SECRET_WORDS) and name not in HARMLESS
        if secret and "Secret" not in str(field.annotation):
            yield name


async def imports(kit: Kit) -> list[str]:
    """Look for modules with which an adapter would leave what the host lends."""
    found = []
    for name, tree in python_files(kit):
        for node in ast.walk(tree):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
            bad = sorted(
                {m for m in modules for f in FORBIDDEN_MODULES if f"{m}.".startswith(f + ".")}
            )
            found += [f"{name}:{_line(node)}: {module} is not for adapters" for module in bad]
    return found


async def calls(kit: Kit) -> list[str]:
    """Look for calls with which an adapter would leave what the host lends."""
    found = []
    for name, tree in python_files(kit):
        for node in ast.walk(tree):
            text = ""
            if isinstance(node, ast.Call):
                text = ast.unparse(node.func)
            elif isinstance(node, ast.Attribute) and ast.unparse(node) == "os.environ":
                text = "os.environ"
            for call, advice in FORBIDDEN_CALLS.items():
                if text == call or ("." in call and text.endswith("." + call)):
                    found.append(f"{name}:{_line(node)}: {call}: {advice}")
            if text == "open" and isinstance(node, ast.Call) and _writes(node):
                found.append(f"{name}:{node.lineno}: open: an adapter writes no files")
    return found


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _writes(call: ast.Call) -> bool:
    modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
    return any(not isinstance(m, ast.Constant) or set(str(m.value)) & set("wax+") for m in modes)


async def typing(kit: Kit) -> list[str]:
    """Look for functions without types."""
    found = []
    for name, tree in python_files(kit):
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            untyped = [
                a.arg for a in arguments if a.annotation is None and a.arg not in {"self", "cls"}
            ]
            if untyped or node.returns is None:
                found.append(f"{name}:{node.lineno}: {node.name} has parts without a type")
            if node.args.kwarg is not None:
                found.append(f"{name}:{node.lineno}: {node.name} takes whatever comes (**)")
    return found


async def documents(kit: Kit) -> list[str]:
    """Look for a README that names the product and what is not there."""
    path = kit.folder / "README.md"
    if not path.is_file():
        return ["README.md is missing"]
    text = path.read_text("utf-8")
    found = []
    if kit.manifest.product.name_ja not in text and kit.manifest.name_ja not in text:
        found.append("README.md does not name the product")
    if len(text) < 200:
        found.append("README.md does not tell how to set the adapter up")
    return found


async def agreement(kit: Kit) -> list[str]:
    """Lint the mapping, prove its own steps, and compare it with the manifest."""
    if kit.document is None:
        return []
    try:
        own = kit.own_steps
    except ConfigurationError as error:
        return [error.detail]
    errors = [f for f in lint(kit.document, kit.dictionary, own=own) if f.level is Level.ERROR]
    return [str(f) for f in errors] + disagreements(kit.manifest, kit.document.mapping)


async def pure_steps(kit: Kit) -> list[str]:
    """Read the vendor's own steps: nothing in them may depend on more than the content."""
    path = _steps_file(kit)
    if path is None:
        return ["steps_module: there is no such file beside the mapping"]
    name = _place(kit, path)
    try:
        return [f"{name}:{rule}" for rule in impurities(path.read_text("utf-8"))]
    except (SyntaxError, ValueError) as error:
        return [f"{name}: {type(error).__name__}"]


def _steps_file(kit: Kit) -> Path | None:
    name = kit.document.mapping.steps_module if kit.document else None
    places = (kit.folder / f"{name}.py", kit.folder / str(name) / "__init__.py")
    return next((path for path in places if path.is_file()), None)


def _no_steps(kit: Kit) -> str | None:
    if reason := kit.not_mapped():
        return reason
    named = kit.document is not None and kit.document.mapping.steps_module is not None
    return None if named else "the mapping names no steps of its own"


async def honesty(kit: Kit) -> list[str]:
    """Compare what is declared for each item with what is mapped."""
    if kit.document is None:
        return []
    gone = {Support.NOT_IMPLEMENTED, Support.IMPOSSIBLE}
    found = []
    for supply in kit.manifest.supplies:
        rules = kit.document.mapping.groups[supply.group].items
        made = {name for name, rule in rules.items() if rule.absent is None}
        excepted = {e.field for e in supply.except_items if e.support in gone and not e.operations}
        items = set(kit.dictionary.groups[supply.group].by_field)
        missing = sorted(items - made - excepted)
        if missing:
            named = ", ".join(missing)
            found.append(f"{supply.group}: neither mapped nor in except_items: {named}")
        if both := sorted(made & excepted):
            found.append(f"{supply.group}: mapped, and in except_items: {', '.join(both)}")
    return found


async def recordings(kit: Kit) -> list[str]:
    """Look for numbers in the recordings that could belong to somebody."""
    invented = {text for p in kit.people for text in (p.number, *p.values.values())}
    found = []
    for path in sorted((kit.folder / FOLDER).rglob("*")):
        if path.suffix not in {".json", ".xml", ".yaml"} or "golden" in path.parts:
            continue
        for line, text in enumerate(path.read_text("utf-8").splitlines(), 1):
            runs = [run for run in _runs_of_digits(text) if run not in invented]
            if any(my_number_check(run[:11]) == run[11] for run in runs):
                place = f"{_place(kit, path)}:{line}"
                found.append(f"{place}: twelve digits with the check digit of a My Number")
    return found


def _place(kit: Kit, path: Path) -> str:
    return path.relative_to(kit.folder).as_posix()


def _runs_of_digits(text: str) -> Iterator[str]:
    runs = "".join(c if c.isascii() and c.isdigit() else " " for c in text).split()
    return (run for run in runs if len(run) == 12)


def _case(name: str, run: Run) -> Case:
    return Case(name, Layer.STATIC, 0, run, always)


CASES: Final = (
    _case("manifest", manifest),
    _case("settings", settings),
    _case("imports", imports),
    _case("calls", calls),
    _case("typing", typing),
    _case("documents", documents),
    Case("agreement", Layer.STATIC, 0, agreement, Kit.not_mapped),
    Case("pure-steps", Layer.STATIC, 0, pure_steps, _no_steps),
    Case("honesty", Layer.STATIC, 1, honesty, Kit.not_mapped),
    _case("recordings", recordings),
)
