"""R23, WP-1 to WP-5: systems that mix people up as often as they can, behind the whole gateway.

Three systems (one of them an adapter without a mapping) answer a large share of overlapping calls
with something wrong. No item of another person is in any answer; each misdeed is an alarm, once in
the figures, once in the log and once in the audit record.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

import adapters.reference.tax
from adapters.contract import Adapter, Host
from adapters.manifest import Limits, Manifest, NumberLink, read_manifest
from adapters.mapped import open_mapped
from gateway.access import Access, AccessRegistry, AccessService, AccessStore, Caller
from gateway.access.grants import GrantTerms
from gateway.access.limits import Bases
from gateway.audit import AuditLog, AuditStore
from gateway.connections import Connection, Connections, SourceState
from gateway.keys import FileKeyStore
from gateway.metrics import Metrics
from gateway.protection import FlagStore, ProtectionService
from gateway.questions.parts import Part, PartStatus
from gateway.questions.schemas import Question
from gateway.questions.service import QuestionRooms, QuestionService
from gateway.receipts import ReceiptService
from gateway.routes import RouteService, RouteStore
from gateway.store.engine import Store, open_store
from gateway.subjects import LinkRow, SubjectService, SubjectStore
from standard_models.answers import Value
from standard_models.builtin import load_builtin
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import ample_quotas, approve
from tests.gateway.questions.conftest import _public_keys
from tests.gateway.questions.hostile import (
    FULL_WIDTH,
    TOWN,
    Conduct,
    HostileResident,
    HostileTax,
    HostileWelfare,
    Townsman,
    canary,
)
from tests.gateway.questions.scripted import manifest_of
from tests.size import size_of

CALLS = size_of(ordinary=1_600, nightly=1_000_000)
SHARE = 0.4
CLIENTS = 24
PEOPLE = 120
PURPOSE, CLIENT = "jidoteate-ninteiseikyu", "online-service"
NAMES, NOTATION = "001.juminkihonjoho", "001.shimeihokijoho"
LEVY, MAIL, CERTIFICATES = "010.kazeikihonjoho", "010.sofusakijoho", "022.techojoho"
ITEMS = {
    NAMES: f"{NAMES}.shimei",
    NOTATION: f"{NOTATION}.shimeiyusenkubun",
    LEVY: f"{LEVY}.nenzeigaku",
    MAIL: f"{MAIL}.sofusaki_banchigohyoki",
    CERTIFICATES: f"{CERTIFICATES}.techobango",
}
MAPPING = """\
language: 1
system: shared-centre
version: 1.0.0
reads:
  techo:
    sql: {statement: "SELECT * FROM techo WHERE no = :number"}
groups:
  022.techojoho:
    read: techo
    subject: no
    municipality: dantai
    dates:
      hi: {field: hi, format: western-digits}
    items:
      atenabango: {field: no}
      techoshubetsu: {constant: "1"}
      techobango: {field: bango}
      tokyu: {constant: "01"}
      kofunengappi: {date: hi}
"""


class CountingLog:
    """A log that keeps nothing but the counts of its alarms."""

    def __init__(self) -> None:
        self.alarms: Counter[tuple[str, str]] = Counter()

    def info(self, event: str, **fields: object) -> None:
        """Keep nothing."""

    def warning(self, event: str, **fields: object) -> None:
        """Keep nothing."""

    def error(self, event: str, **fields: object) -> None:
        """Count an alarm."""
        if event == "wrong-person":
            count = fields["count"]
            assert isinstance(count, int)
            self.alarms[str(fields["adapter"]), str(fields["kind"])] += count


@dataclass
class World:
    """The gateway, with systems that mix people up."""

    questions: QuestionService
    conducts: dict[str, Conduct]
    connections: Connections
    store: Store
    log: CountingLog
    metrics: Metrics
    handles: dict[Townsman, str]

    @property
    def calls(self) -> int:
        """Return how often the systems were asked."""
        return sum(conduct.calls for conduct in self.conducts.values())

    @property
    def misdeeds(self) -> Counter[tuple[str, str]]:
        """Return what the systems did, by adapter and kind."""
        return Counter(
            {
                (adapter, kind.value): count
                for adapter, conduct in self.conducts.items()
                for kind, count in conduct.misdeeds.items()
            }
        )

    async def audited(self) -> Counter[tuple[str, str]]:
        """Return the alarms of the audit record, by adapter and kind."""
        found: Counter[tuple[str, str]] = Counter()
        async for row in AuditStore(self.store).iter_all():
            if row.kind == "event":
                alarm = json.loads(row.entry)["alarm"]
                found[alarm["adapter"], alarm["kind"]] += alarm["count"]
        return found

    def counted(self) -> Counter[tuple[str, str]]:
        """Return the alarms of the figures, by adapter and kind."""
        found: Counter[tuple[str, str]] = Counter()
        for family in self.metrics.registry.collect():
            for sample in family.samples:
                if sample.name == "hitotsu_wrong_person_alarms_total":
                    place = (sample.labels["adapter"], sample.labels["kind"])
                    found[place] += int(sample.value)
        return found


def bearing(manifest: Manifest, links: Sequence[str] = ()) -> Manifest:
    """Return the manifest of a system that bears many calls and names residents in ``links``."""
    return manifest.model_copy(
        update={
            "limits": Limits(max_concurrency=16, timeout_s=60),
            "links": (*manifest.links, *(NumberLink(numbering="resident", item=i) for i in links)),
        }
    )


def systems(host: Host, conducts: list[Conduct]) -> list[tuple[Manifest, Adapter]]:
    """Return a town's systems: an adapter of a vendor's own, and two mapped ones."""
    own, tax, welfare = conducts
    folder = Path(adapters.reference.tax.__file__).parent
    tax_manifest = (folder / "manifest.yaml").read_text("utf-8")
    centre = bearing(manifest_of("welfare", [CERTIFICATES]))
    return [
        (
            bearing(
                manifest_of("resident", [NAMES, NOTATION], flags=True),
                [f"{NAMES}.atenabango", f"{NOTATION}.atenabango"],
            ),
            HostileResident(own),
        ),
        (
            bearing(read_manifest(tax_manifest)),
            open_mapped(
                host,
                tax_manifest,
                (folder / "mapping.yaml").read_text("utf-8"),
                lambda _manifest, _mapping: HostileTax(tax),
            ),
        ),
        (
            centre,
            open_mapped(
                host,
                yaml.safe_dump(centre.model_dump(mode="json")),
                MAPPING,
                lambda _manifest, _mapping: HostileWelfare(welfare),
            ),
        ),
    ]


@asynccontextmanager
async def world(folder: Path, template: Path, share: float) -> AsyncIterator[World]:
    """Build a gateway over a database of its own."""
    clock, log, metrics, dictionary = StoppedClock(), CountingLog(), Metrics(), load_builtin()
    conducts = [Conduct(PEOPLE, share, random.Random(seed)) for seed in (11, 12, 13)]
    shutil.copy(template, folder / "town.db")
    store = open_store(f"sqlite+aiosqlite:///{folder / 'town.db'}")
    keys = FileKeyStore(folder / "keys")
    keys.create()
    async with (
        httpx.AsyncClient(trust_env=False, verify=False) as http,
        AuditLog(AuditStore(store), keys, log=log, patience_s=60) as audit,
    ):
        opened = systems(Host(TOWN, clock, http, log, dictionary), conducts)
        connections = Connections(
            [
                Connection(TOWN, manifest, adapter, clock=clock, log=log, metrics=metrics)
                for manifest, adapter in opened
            ],
            [],
        )
        protection = ProtectionService(
            FlagStore(store), connections, clock=clock, log=log, flag_max_age=dt.timedelta(hours=1)
        )
        await protection.pull()
        subjects = SubjectService(SubjectStore(store), keys, clock=clock)
        routes = RouteService(RouteStore(store), clock)
        for manifest, _adapter in opened:
            for group in ITEMS.keys() & set(manifest.groups):
                await routes.set(TOWN, group, manifest.id, changed_by="test")
        await consumer(AccessRegistry(AccessStore(store), dictionary, clock=clock, actor="test"))
        access = AccessService(
            AccessStore(store), keys, audit, subjects, clock=clock,
            issuer="https://gateway.test", token_lifetime_s=300, quotas=ample_quotas(),
        )  # fmt: skip
        rooms = QuestionRooms(
            access=access, subjects=subjects, routes=routes, connections=connections,
            protection=protection, audit=audit, dictionary=dictionary, clock=clock, metrics=metrics,
            receipts=ReceiptService(
                subjects, audit, keys, dictionary, clock=clock,
                issuer="https://gateway.test", lifetime_s=86_400,
            ),
        )  # fmt: skip
        yield World(
            QuestionService(rooms, deadline_s=120),
            {m.id: c for (m, _), c in zip(opened, conducts, strict=True)},
            connections, store, log, metrics, await people(subjects),
        )  # fmt: skip
    await store.aclose()


async def consumer(registry: AccessRegistry) -> None:
    """Register one consumer that may ask for every item."""
    await registry.add_purpose(
        TOWN,
        PURPOSE,
        name_ja="児童手当",
        name_en="Child allowance",
        legal_basis="法",
        organ="市長",
        bases=Bases(tax="法28条"),
    )
    await registry.add_client(CLIENT, name="申請", contact="課", jwks=_public_keys())
    day = StoppedClock().now().date()
    row = await registry.propose_grant(
        TOWN, CLIENT, PURPOSE, GrantTerms(items=[*ITEMS.values()], valid_from=day, valid_to=None)
    )
    await approve(registry, row.grant_id)


async def people(subjects: SubjectService) -> dict[Townsman, str]:
    """Register the town's people and return their handles."""
    town = [Townsman(number) for number in range(1, PEOPLE + 1)]
    rows = [
        LinkRow(
            line,
            (
                ("resident", person.resident),
                *(("tax", number) for number in person.tax),
                *(("welfare", number) for number in person.welfare),
            ),
            "my-number-match",
        )
        for line, person in enumerate(town, start=2)
    ]
    await subjects.import_links(TOWN, rows, anchor="resident", actor="test")
    handles = {}
    for person in town:
        subject = await subjects.find_by_number(TOWN, "resident", person.resident)
        assert subject is not None
        handles[person] = subjects.handle_for(TOWN, CLIENT, subject.subject_id)
    return handles


def truth(person: Townsman, group: str) -> set[object]:
    """Return everything that the item of a group may be, for one person."""
    match group:
        case "010.kazeikihonjoho":
            return {int(number) for number in person.tax}
        case "010.sofusakijoho":
            return {number.translate(FULL_WIDTH) for number in person.tax}
        case "022.techojoho":
            return {f"{number}-{row}" for number in person.welfare for row in (1, 2)}
    return {canary(group, ITEMS[group].rpartition(".")[2], person.resident)}


def crossings(person: Townsman, parts: Sequence[Part]) -> int:
    """Return how many items of an answer are not the person's own."""
    return sum(
        not isinstance(answer, Value) or answer.value not in truth(person, part.planned.group.ref)
        for part in parts
        for record in part.records
        for answer in record.values()
    )


@pytest.mark.timeout(7200)
async def test_nobody_gets_anything_of_anybody_else_and_every_attempt_is_alarmed(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """Misdeeds of the systems, alarms of log, figures and audit record: the same, kind by kind."""
    order = random.Random(7)
    crossed, statuses = 0, Counter[PartStatus]()
    begun = time.monotonic()
    async with world(tmp_path, sqlite_template, SHARE) as town:
        folk = list(town.handles.items())

        async def client() -> None:
            nonlocal crossed
            while town.calls < CALLS:
                person, handle = order.choice(folk)
                items = order.sample([*ITEMS.values()], order.randrange(3, len(ITEMS) + 1))
                answer = await town.questions.ask(
                    Access(CLIENT, TOWN, PURPOSE, "t", "k"),
                    Question(subject=handle, purpose=PURPOSE, items=tuple(items)),
                    Caller("f" * 32, "127.0.0.1"),
                )
                crossed += crossings(person, answer.parts)
                statuses.update(part.status for part in answer.parts)

        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(client())
        seconds = time.monotonic() - begun
        misdeeds = town.misdeeds
        sys.stderr.write(
            f"\n{town.calls} calls, {crossed} crossings, {misdeeds.total()} attempts, "
            f"{town.log.alarms.total()} alarms, {seconds:.0f} s\n"
        )
        assert crossed == 0
        assert town.log.alarms == misdeeds
        assert town.counted() == misdeeds
        assert await town.audited() == misdeeds
        assert misdeeds.total() > CALLS // 5
        assert all(
            conduct.done[name] for conduct in town.conducts.values() for name in conduct.done
        )
        assert statuses[PartStatus.OK] > CALLS // 20
        assert not {PartStatus.TIMEOUT} & statuses.keys()
        assert {c.health.state for c in town.connections.all()} == {SourceState.SUSPECT}
        assert sum(c.alarms for c in town.connections.all()) == misdeeds.total()


async def test_systems_that_do_what_they_should_sound_no_alarm(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """The guard finds nothing where there is nothing, and everybody gets their own."""
    async with world(tmp_path, sqlite_template, share=0.0) as town:
        for person, handle in [*town.handles.items()][:12]:
            answer = await town.questions.ask(
                Access(CLIENT, TOWN, PURPOSE, "t", "k"),
                Question(subject=handle, purpose=PURPOSE, items=tuple(ITEMS.values())),
                Caller("f" * 32, "127.0.0.1"),
            )
            allowed = {PartStatus.OK, PartStatus.CONFLICT}
            assert {part.status for part in answer.parts} <= allowed
            assert crossings(person, answer.parts) == 0
        assert not town.log.alarms
        assert not await town.audited()
        assert {c.health.state for c in town.connections.all()} == {SourceState.ONLINE}
