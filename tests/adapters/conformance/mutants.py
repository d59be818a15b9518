"""Broken copies of the reference adapters, each with the case that has to find it.

A mutant is a change of a file, code behind the adapter's own as a careless vendor would write it,
or a change of the row plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from adapters.conformance.cases import wire
from adapters.mapping import contents, conversions, date_items, text_items
from adapters.mapping.model import ItemRule
from adapters.mapping.row_plan import Converted, RowPlan
from standard_models.answers import Value

TAX, WELFARE, RESIDENT, PENSION = "tax", "welfare", "resident", "pension"
Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Mutant:
    """One broken adapter. ``killer`` is the case that must fail."""

    name: str
    killer: str
    system: str = TAX
    edits: dict[str, tuple[str, str]] = field(default_factory=dict)
    code: str = ""
    removed: tuple[str, ...] = ()
    patch: Patch | None = None
    added: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.killer}: {self.name}"


HEAD: Final = """

import asyncio
import dataclasses
from typing import Any

import httpx
import orjson

from adapters.contract import Deadline, FetchRequest, FetchResult, GroupRecords
from adapters.errors import AdapterError, AuthenticationFailed, BadAnswer, Unavailable
from adapters.sources.base import fill
from standard_models.answers import Value

_open = open_adapter
"""


def fetching(body: str, more: str = "") -> str:
    """Return code whose adapter fetches by ``body`` (``inner``, ``request``, ``host``)."""
    indented = "\n".join(f"        {line}" for line in body.splitlines())
    return (
        HEAD
        + more
        + f"""

def open_adapter(host: Host, settings: Settings) -> Adapter:
    adapter: Any = _open(host, settings)
    inner = adapter.fetch

    async def fetch(request: FetchRequest) -> FetchResult:
{indented}

    adapter.fetch = fetch
    return adapter
"""
    )


def replacing(method: str, body: str) -> str:
    """Return code whose adapter has another ``method`` (``inner``, ``args``, ``host``)."""
    indented = "\n".join(f"        {line}" for line in body.splitlines())
    return (
        HEAD
        + f"""

def open_adapter(host: Host, settings: Settings) -> Adapter:
    adapter: Any = _open(host, settings)
    inner = adapter.{method}

    async def {method}(*args: Any) -> Any:
{indented}

    adapter.{method} = {method}
    return adapter
"""
    )


def reading(body: str) -> str:
    """Return code whose source reads by ``body`` (``self``, ``read``, ``slots``, ``deadline``)."""
    indented = "\n".join(f"        {line}" for line in body.splitlines())
    return (
        HEAD
        + f"""

class Careless(RestSource):
    async def read(self, read: Any, slots: Any, deadline: Deadline) -> Any:
{indented}


RestSource = Careless  # type: ignore[misc]
"""
    )


def posting(options: str, body: str = "answer.content") -> str:
    """Return code whose source posts by httpx alone."""
    return reading(
        f"""try:
    answer = await self._client.post(
        self._base_url + read.rest.path, json=fill(read.rest.body, slots),
        headers=self._headers, {options})
except httpx.HTTPError as error:
    raise Unavailable(type(error).__name__) from None
if answer.status_code == 404 and b"N001" in answer.content:
    return None
if answer.status_code != 200:
    raise Unavailable("status")
try:
    return orjson.loads({body})
except orjson.JSONDecodeError:
    raise BadAnswer("no JSON") from None"""
    )


def swallowing(error: str, body: str) -> str:
    """Return code whose source treats an error in its own way (``error``)."""
    return reading(
        f"""try:
    return await super().read(read, slots, deadline)
except {error} as error:
    {body}"""
    )


def extracting(body: str) -> str:
    """Return code whose adapter extracts by ``body`` (``inner``, ``group``, ``after``)."""
    indented = "\n".join(f"        {line}" for line in body.splitlines())
    return (
        HEAD
        + f"""

def open_adapter(host: Host, settings: Settings) -> Adapter:
    adapter: Any = _open(host, settings)
    inner = adapter.extract

    async def extract(group: str, after: str | None = None) -> Any:
{indented}

    adapter.extract = extract
    return adapter
"""
    )


EACH: Final = """result = await inner(request)
return FetchResult({ref: _each(outcome, request.number) if isinstance(outcome, GroupRecords)
                    else outcome for ref, outcome in result.groups.items()})"""


def each(body: str) -> str:
    """Return a function of the outcome of a group."""
    return f"""

def _each(outcome: GroupRecords, number: str) -> GroupRecords:
    records = outcome.records
    {body}
    return dataclasses.replace(outcome, records=tuple(records))
"""


SHORT: Final = """async for chunk in inner(group, after):
    yield dataclasses.replace(chunk, records=chunk.records[:-1])"""
ENDING: Final = """try:
    async for chunk in inner(group, after):
        yield chunk
except AdapterError:
    return"""
RENAMED: Final = fetching(
    EACH,
    each("records = [dataclasses.replace(r, subject_number=number) for r in records]"),
)
PATIENT: Final = fetching(
    "return await inner(dataclasses.replace(request, deadline=Deadline.after(60)))"
)


NAMED: Final = {"mapping.yaml": ("version: 1.0.0\n", "steps_module: steps\nversion: 1.0.0\n")}


def stepping(before: str, body: str) -> dict[str, str]:
    """Return a module of steps with one step of this ``body``."""
    return {
        "steps.py": f"""\
from adapters.mapping.own_steps import Refused, step
{before}

@step("same", examples=[("a", "a"), ("?", Refused("question"))])
def same(raw: str) -> str | Refused:
    if raw == "?":
        return Refused("question")
    {body}
"""
    }


def _impure(patch: pytest.MonkeyPatch) -> None:
    whole = RowPlan.convert

    def convert(self: RowPlan, answer: Any) -> Converted:
        found = whole(self, answer)
        if isinstance(answer, dict):
            answer["seen"] = True
        return found

    patch.setattr(RowPlan, "convert", convert)


def _shortened(patch: pytest.MonkeyPatch) -> None:
    whole = conversions.plain_text
    patch.setattr(conversions, "plain_text", lambda raw: whole(raw).lstrip("0"))


def _unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(text_items, "_readable", lambda _item, raw, _characters: (raw, ()))
    patch.setattr(
        text_items, "checked", lambda _item, value, quality=(): Value(value, None, quality)
    )


def _lenient(patch: pytest.MonkeyPatch) -> None:
    whole = date_items.parse_era_digits
    patch.setattr(
        date_items, "parse_era_digits", lambda raw, p: whole(raw.replace("0431", "0430"), p)
    )


def _guessed(patch: pytest.MonkeyPatch) -> None:
    def coded(_item: Any, codes: Any) -> Any:
        return lambda raw: Value(codes.get(str(raw)) or str(raw))

    patch.setattr(conversions, "_coded", coded)


def _zeroed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ItemRule, "whole_field", None)
    patch.setattr(contents, "trim_padding", lambda raw: raw.strip() or "0")


def _small_flood(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wire, "HUGE", 400 * 1024**2)


MUTANTS: Final = (
    Mutant("one contact twice", "manifest", edits={"manifest.yaml": (
        "support@hitotsu.example", "adapters@hitotsu.example")}),
    Mutant("settings that can be changed", "settings", edits={"__init__.py": (
        "frozen=True, ", "")}),
    Mutant("an open secret", "settings", edits={"__init__.py": (
        "api_key: SecretStr", "api_key: str")}),
    Mutant("a transport of its own", "imports", code="\nimport socket\n"),
    Mutant("a clock of its own", "calls", code=(
        "\nimport datetime\n\n\ndef today() -> object:\n    return datetime.datetime.now()\n")),
    Mutant("a setting from the environment", "calls", code=(
        '\nimport os\n\n\ndef key() -> str:\n    return os.environ["KEY"]\n')),
    Mutant("a function without types", "typing", code="\n\ndef helper(x):\n    return x\n"),
    Mutant("no README", "documents", removed=("README.md",)),
    Mutant("a read that nobody defines", "agreement", edits={"mapping.yaml": (
        "    read: kojin\n    records: sofusaki", "    read: kojim\n    records: sofusaki")}),
    Mutant("a step with a clock", "pure-steps", edits=NAMED, added=stepping(
        "import time", "return raw if time.time() else raw")),
    Mutant("a step that remembers", "pure-steps", edits=NAMED, added=stepping(
        "SEEN: dict[str, str] = {}", "return SEEN.setdefault(raw, raw)")),
    Mutant("an item that is silently left out", "honesty", edits={"mapping.yaml": (
        "      sofusaki_yubinbango: {field: yubin}\n\n", "\n")}),
    Mutant("a My Number in a recording", "recordings", edits={
        "conformance/answers/kojin.json": ('"yubin": "9988001"', '"yubin": "123456789018"')}),
    Mutant("thousands taken for yen", "golden", edits={"mapping.yaml": (
        "shotokukingaku: {field: shotokuSen, amount: {unit: thousand-yen}}",
        "shotokukingaku: {field: shotokuSen, amount: {unit: yen}}")}),
    Mutant("another part of the address", "golden", edits={"mapping.yaml": (
        "sofusaki_choaza: {field: choaza}", "sofusaki_choaza: {field: shikuchoson}")}),
    Mutant("records that nobody has", "people", edits={"conformance/answers/kojin.json": (
        '"sofusaki": {', '"sofusaki": null,\n "mukashi": {')}),
    Mutant("codes that are handed through", "codes", patch=_guessed),
    Mutant("a conversion that writes into the answer", "purity", patch=_impure),
    Mutant("nothing that becomes zero", "blanks", patch=_zeroed),
    Mutant("a number that is corrected", "subject", RESIDENT, patch=_shortened),
    Mutant("an invariant that no example breaks", "invariants", edits={
        "conformance/golden/kazeikihonjoho.yaml": ("INVARIANT_BROKEN", "NOT_SET")}),
    Mutant("characters as they come", "texts", RESIDENT, patch=_unchecked),
    Mutant("numbers that are taken as they come", "numbers", patch=lambda p: p.setattr(
        conversions, "_integer", int)),
    Mutant("the 31st of April", "dates", RESIDENT, patch=_lenient),
    Mutant("a fetch that does not wait", "methods", code=HEAD + """

def open_adapter(host: Host, settings: Settings) -> Adapter:
    adapter: Any = _open(host, settings)
    adapter.fetch = lambda request: None
    return adapter
"""),
    Mutant("a check that raises", "check", code=replacing("check", "raise RuntimeError")),
    Mutant("a check that is always content", "check", code=replacing(
        "check", "from adapters.contract import CheckResult\nreturn CheckResult(True, 'x')")),
    Mutant("closing what was lent", "closing", code=replacing(
        "aclose", "await host.http.aclose()")),
    Mutant("patience without end", "deadline", code=PATIENT),
    Mutant("patience with a drip", "drip", code=PATIENT),
    Mutant("a call after the deadline", "late", code=PATIENT),
    Mutant("a call that cannot be given up", "cancel", code=fetching(
        """try:
    return await inner(request)
except asyncio.CancelledError:
    return FetchResult({})""")),
    Mutant("nobody is an error", "unknown", edits={"mapping.yaml": (
        'ok: ["0000"], unknown_person: [N001]', 'ok: ["0000"]')}),
    Mutant("an answer about everything", "undeclared", code=fetching(
        """known = [ref for ref in request.groups if ref.startswith(("010", "031"))]
if known:
    return await inner(request)
now = host.clock.now()
return FetchResult({ref: GroupRecords((), None, now) for ref in request.groups})""")),
    Mutant("more at once than allowed", "limit", code=HEAD + """

def open_adapter(host: Host, settings: Settings) -> Adapter:
    adapter: Any = _open(host, settings)
    adapter._slots = asyncio.Semaphore(1000)
    return adapter
"""),
    Mutant("as fast as it comes", "pace", RESIDENT, edits={"manifest.yaml": (
        "timeout_s: 5}", "timeout_s: 5, calls_per_second: 5}")}, code=HEAD + """
from adapters.throttle import Throttle


def open_adapter(host: Host, settings: Settings) -> Adapter:
    adapter: Any = _open(host, settings)
    adapter._throttle = Throttle(None)
    return adapter
"""),
    Mutant("the first row counts", "order", WELFARE, code=fetching(
        EACH, each("records = records[:1]"))),
    Mutant("doubled rows push out others", "duplicates", WELFARE, code=fetching(
        EACH, each("records = records[:2]"))),
    Mutant("a missing part is made up", "missing", code=fetching(
        """result = await inner(request)
return FetchResult({ref: _last.get(ref, o) if isinstance(o, AdapterError) else _keep(ref, o)
                    for ref, o in result.groups.items()})""",
        '''
_last: dict[str, GroupRecords] = {}


def _keep(ref: str, outcome: GroupRecords) -> GroupRecords:
    _last[ref] = dataclasses.replace(outcome, records=tuple(
        dataclasses.replace(r, answers={n: Value("0") for n in r.answers})
        for r in outcome.records))
    return outcome
''')),
    Mutant("closed is nobody", "closed", WELFARE, edits={"mapping.yaml": (
        "FK-9001: closed", "FK-9001: unknown-person")}),
    Mutant("every error is the same", "errors", code=fetching(
        """result = await inner(request)
return FetchResult({ref: Unavailable("x") if isinstance(o, AdapterError) else o
                    for ref, o in result.groups.items()})""")),
    Mutant("a cut answer is nobody", "cut", code=swallowing(
        "(BadAnswer, Unavailable)", "return None")),
    Mutant("refused is down", "refused", code=swallowing(
        "AuthenticationFailed", 'raise Unavailable("x") from None')),
    Mutant("every 404 is nobody", "statuses", code=swallowing(
        "BadAnswer", 'if "404" in error.detail:\n        return None\n    raise')),
    Mutant("the hint is lost", "busy", code=swallowing(
        "Unavailable", 'raise Unavailable("x") from None')),
    Mutant("a page is nobody", "page", code=swallowing(
        "BadAnswer", 'if "JSON" in error.detail:\n        return None\n    raise')),
    Mutant("another shape is nobody", "strange", code=swallowing("BadAnswer", "return None")),
    Mutant("bytes are replaced", "code-page", code=posting(
        "follow_redirects=False", 'answer.content.decode("utf-8", "replace")')),
    Mutant("the source may send us anywhere", "elsewhere", code=posting("follow_redirects=True")),
    Mutant("a whole answer, however long", "huge", code=posting("follow_redirects=False"),
           patch=_small_flood),
    Mutant("any depth", "depth", code=posting("follow_redirects=False").replace(
        "return orjson.loads(", "return __import__('json').loads(")),
    Mutant("gone is nobody", "gone", code=swallowing("Unavailable", "return None")),
    Mutant("a search without facts", "search", RESIDENT, edits={"mapping.yaml": (
        "needs: [[shimei, seinengappi], [shimei_kana, seinengappi]]", "needs: [[]]")}),
    Mutant("today in the place of a day", "history", RESIDENT, code=fetching(
        "return await inner(dataclasses.replace(request, on=None))")),
    Mutant("every day the same", "history", RESIDENT, code=fetching("""on = request.on
if on is not None:
    on = on.replace(year=2020, month=1, day=1)
return await inner(dataclasses.replace(request, on=on))""")),
    Mutant("sure of what the source is not sure of", "history", RESIDENT, patch=lambda p: p.setattr(
        "adapters.mapped.fetch.FetchingAdapter._require_clear", lambda *_: None)),
    Mutant("a change too few", "changes", RESIDENT, code=replacing(
        "changes", """batch = await inner(*args)
return dataclasses.replace(batch, changes=batch.changes[:-1])""")),
    Mutant("a person too few", "extract", RESIDENT, code=extracting(SHORT)),
    Mutant("an extract that begins anew", "extract", RESIDENT, code=extracting(
        "async for chunk in inner(group, None):\n    yield chunk")),
    Mutant("a record too few", "delivery", PENSION, code=extracting(SHORT)),
    Mutant("what is damaged is the end", "damage", PENSION, code=extracting(ENDING)),
    Mutant("nothing delivered is nobody", "absent", PENSION, code=extracting(ENDING)),
    Mutant("read and removed", "untouched", PENSION, code=extracting(
        """async for chunk in inner(group, after):
    yield chunk
for path in settings.delivery.iterdir():
    path.unlink()""")),
    Mutant("the file in the error", "quiet", PENSION, code=extracting(
        """try:
    async for chunk in inner(group, after):
        yield chunk
except AdapterError:
    content = (settings.delivery / "NENKIN.DAT").read_bytes().decode("cp037")
    raise BadAnswer(content) from None""")),
    Mutant("a new key each time", "submit", code=replacing(
        "submit", """(request,) = args
_keys.append(request.idempotency_key)
return await inner(dataclasses.replace(request, idempotency_key=str(len(_keys))))""").replace(
            "_open = open_adapter\n", "_open = open_adapter\n_keys: list[str] = []\n")),
    Mutant("an unknown measure does not protect", "protection-flags", RESIDENT, code=replacing(
        "protection_flags", """report = await inner(*args)
return dataclasses.replace(
    report, flags=tuple(f for f in report.flags if f.kind.value == "provisional"))""")),
    Mutant("an other party without a number is nobody", "protection-flags", RESIDENT,
        code=replacing("protection_flags", """report = await inner(*args)
return dataclasses.replace(report, flags=tuple(
    dataclasses.replace(f, other_parties=f.other_parties or ("1",)) for f in report.flags))""")),
    Mutant("the number asked for", "other-person", code=RENAMED),
    Mutant("the number asked for", "one-read", code=RENAMED),
    Mutant("the number asked for", "replay", code=RENAMED),
    Mutant("the number asked for", "swapped", code=RENAMED),
    Mutant("the number asked for", "echo", code=RENAMED),
    Mutant("the number asked for", "interleaved", code=RENAMED),
    Mutant("another's answer is nobody", "other-person", code=fetching(
        EACH, each("records = [r for r in records if r.subject_number == number]"))),
    Mutant("one container for all", "buffers", code=fetching(EACH, """
_shared: dict[str, Any] = {}


def _each(outcome: GroupRecords, number: str) -> GroupRecords:
    for record in outcome.records:
        _shared.update(record.answers)
    return dataclasses.replace(outcome, records=tuple(
        dataclasses.replace(r, answers=_shared) for r in outcome.records))
""")),
    Mutant("names as they come", "injection", code=fetching(EACH, each(
        """records = [dataclasses.replace(r, answers={
        n: Value(f"{a.value}\\u202e") if isinstance(a, Value) else a
        for n, a in r.answers.items()}) for r in records]"""))),
    Mutant("a number in the log", "logs", code=fetching(
        'host.log.info("asked", number=request.number)\nreturn await inner(request)')),
    Mutant("an answer in an error", "logs", code=swallowing(
        "BadAnswer", 'raise BadAnswer(f"about {slots}") from None')),
    Mutant("a number in a header", "addresses", code=reading(
        """self._headers = {**self._headers, "X-Kojin": str(slots["number"])}
return await super().read(read, slots, deadline)""")),
    Mutant("the last answer", "memory", code=fetching(
        "adapter.last = await inner(request)\nreturn adapter.last")),
    Mutant("a file for each call", "files", code=fetching(
        """import pathlib
import tempfile
import uuid
path = pathlib.Path(tempfile.gettempdir(), f"kit-{uuid.uuid4()}")
path.write_text(request.number)
return await inner(request)""")),
    Mutant("something left by each call", "load", code=fetching(
        """_left.append([[] for _ in range(500)])
return await inner(request)""", "\n_left: list[Any] = []\n")),
)  # fmt: skip
