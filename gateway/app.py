"""The composition root: the only place that knows every room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy.exc import TimeoutError as PoolExhausted

from adapters.contract import Clock, EventLog
from adapters.registry import InstalledAdapter, QuarantinedAdapter, discover
from gateway.access import AccessService, AccessStore
from gateway.access.dpop import ProofGuard
from gateway.access.quotas import Quotas, Rates
from gateway.access.routes import token_router
from gateway.accesses import AccessesRooms, AccessesService, AccessesStore
from gateway.accesses.reports import DisclosureReports
from gateway.accesses.routes import accesses_router
from gateway.accesses.view import AccessView
from gateway.api.admission import Admission
from gateway.api.application import ApiOptions, build_api
from gateway.api.catalogue import Catalogue, Supplier, catalogue_router
from gateway.api.lifecycle import read_lifecycle
from gateway.api.operation import ReadinessCheck
from gateway.api.proxies import Proxies
from gateway.audit import AuditLog, AuditStore
from gateway.audit.alerts import AlertStore, Snooping
from gateway.audit.refusals import WINDOW_S
from gateway.audit.searches import SearchStore
from gateway.audit.tree import AuditTree, TreeStore
from gateway.calls import CallCounts, CallStore
from gateway.clock import SystemClock
from gateway.connections import Connections, Proofs, Sharing, SourceState
from gateway.connections.config import EnabledAdapter, read_adapters_file
from gateway.connections.destinations import outgoing
from gateway.connections.http import open_http_client
from gateway.consents import ConsentRooms, ConsentService, ConsentStore
from gateway.consents.routes import consent_router
from gateway.console.measures import MeasureDesk
from gateway.console.persons import PersonRooms, Persons, Reveals, ViewStore
from gateway.console.records import Disclosures, Searches
from gateway.console.routes import console_router
from gateway.console.staff import StaffService, StaffStore
from gateway.console.states import ConnectionStates
from gateway.console.web import ConsoleRooms, console_pages
from gateway.console.web.shell import Shell
from gateway.editions import open_dictionary
from gateway.evidence import EvidenceRooms, EvidenceService, EvidenceStore
from gateway.evidence.routes import evidence_router, verification_router
from gateway.expiries import Expiries, ExpiryStore
from gateway.keys import FileKeyStore
from gateway.linkage import LinkageService, LinkageStore
from gateway.linkage.group_calls import GroupCalls
from gateway.linkage.number_calls import NumberCalls
from gateway.linkage.routes import LinkageRooms, linkage_router
from gateway.logs import open_log
from gateway.matching import MatchingRooms, MatchingService, MissLimit, MissStore
from gateway.matching.routes import matching_router
from gateway.metrics import Metrics, SharedFigures
from gateway.my_numbers import MyNumbers, MyNumberStore, NumberMatching, NumberMatchingRooms
from gateway.my_numbers.matching import FUNCTION as MATCH_NUMBER
from gateway.my_numbers.routes import my_number_router
from gateway.notices import NoticeRooms, Notices, NoticeStore
from gateway.notices.routes import notice_router
from gateway.numbers import NumberService, NumberStore
from gateway.predicates import Predicates
from gateway.problems import Problem
from gateway.protection import FlagStore, ProtectionService
from gateway.protection.counts import WithheldOfDay
from gateway.protection.parties import OtherParties, PartiesStore
from gateway.protection.pushes import FlagPushes, PushRooms
from gateway.protection.reminders import Reminders
from gateway.protection.routes import flag_router
from gateway.protection.store import CountStore, MeasureStore, OpeningStore, PushStore
from gateway.questions.routes import question_router
from gateway.questions.sameness import SamenessWatch
from gateway.questions.service import QuestionRooms, QuestionService
from gateway.recalls import (
    EventFeed,
    FeedRooms,
    Recalls,
    RecallStore,
    RecallWatch,
    WatchRooms,
)
from gateway.recalls.routes import event_router
from gateway.receipts import ReceiptService
from gateway.receipts.routes import receipt_router
from gateway.relay import open_core
from gateway.representations import (
    ListRooms,
    RepresentationList,
    RepresentationService,
    RepresentationStore,
)
from gateway.representations.routes import representation_router
from gateway.routes import Forgotten, RouteService, RouteStore, forgotten
from gateway.settings import Settings
from gateway.snapshots import SnapshotCopies, SnapshotStore
from gateway.store.engine import Store, open_store
from gateway.store.migrate import schema_state
from gateway.store.my_number_tables import MY_NUMBER_SCHEMA
from gateway.store.outages import OUTAGES, is_outage
from gateway.subjects import SubjectService, SubjectStore
from gateway.submissions import (
    OutboxDelivery,
    StatedValues,
    SubmissionService,
    SubmissionStore,
)
from gateway.submissions.delivery import DeliveryRooms
from gateway.submissions.routes import submission_router
from gateway.submissions.service import SubmissionRooms
from gateway.telemetry import Tracing, open_tracing
from gateway.workers import Lone, Seat, Worker

PURGE_INTERVAL_S = 3_600.0
"""How often the values of submissions that have expired are erased."""
RECALL_INTERVAL_S = 10.0
"""How often people who have come under protection are looked for; the rule allows a minute."""
EXPIRY_INTERVAL_S = 3_600.0
"""How often certificates and grants are looked at that end soon."""
REMINDER_INTERVAL_S = 3_600.0
"""How often measures are looked for that an officer must look at."""
COUNT_INTERVAL_S = 10.0
"""How often what was withheld and revealed, and who called what, is stored."""
WITHHELD_INTERVAL_S = 60.0
"""How often it is looked whether the figure of another day may be told."""
SNOOPING_INTERVAL_S = 60.0
"""How often looks of curiosity are looked for; the rule allows five minutes."""
CHECK_INTERVAL_S = 5.0
"""How often the state page's picture of the sources is renewed."""

MOMENT_S = 5.0
"""How long a stop waits for the last tree head, what it misses is taken in at the next start; and a
start for the list of what was forgotten."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """Everything of one installation, put together but not started."""

    settings: Settings
    store: Store
    audit: AuditLog
    audit_tree: AuditTree
    connections: Connections
    protection: ProtectionService
    routers: Sequence[APIRouter]
    metrics: Metrics
    log: EventLog
    delivery: OutboxDelivery
    recalls: RecallWatch
    expiries: Expiries
    reminders: Reminders
    withheld: WithheldOfDay
    snooping: Snooping
    aclose_http: Callable[[], Awaitable[None]]
    tracing: Tracing
    my_numbers: Store
    worker: Worker
    admission: Admission
    calls: CallCounts
    routes: RouteService
    enabled: Sequence[EnabledAdapter]
    installed: Sequence[InstalledAdapter | QuarantinedAdapter]


class RoutedSuppliers:
    """Who supplies a group now: the adapter of its route, where that adapter is open."""

    def __init__(
        self, routes: RouteService, connections: Connections, facts: Mapping[str, str]
    ) -> None:
        """``facts`` are groups of facts, and the groups that they are worked out from."""
        self._routes = routes
        self._connections = connections
        self._facts = facts

    async def by_group(self) -> Mapping[str, Sequence[Supplier]]:
        """Return the suppliers of each group, by group reference."""
        suppliers: dict[str, list[Supplier]] = {}
        for municipality in sorted({c.municipality for c in self._connections.all()}):
            for route in await self._routes.all(municipality):
                found = self._connections.find(municipality, route.adapter_id)
                if found is not None:
                    name = found.manifest.product.name_ja
                    supplier = Supplier(municipality, route.adapter_id, name)
                    suppliers.setdefault(route.group, []).append(supplier)
        worked_out = {g: suppliers[s] for g, s in self._facts.items() if s in suppliers}
        return {**suppliers, **worked_out}


def create_app(
    settings: Settings, *, clock: Clock | None = None, seat: Seat | None = None
) -> FastAPI:
    """Return the gateway as an ASGI application.

    Nothing is connected and no task runs before the application's lifespan begins. ``seat`` is
    that of this process where several serve the same port.

    Raises:
        AdaptersFileError: the file of enabled adapters cannot be read.
        EditionsError: an installed edition is malformed, or one in force is not installed.
        LifecycleError: what is said of operations that are going away cannot be.
        StoreUrlError: the address of the database cannot be used.
    """
    clock = clock or SystemClock()
    rooms = _build(settings, clock, seat)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _running(rooms), asking_edges(app, rooms.settings, rooms.log):
            yield

    app = build_api(
        ApiOptions(
            public_url=settings.public_url,
            version=version("hitotsu"),
            max_body_bytes=settings.max_body_bytes,
            admission=rooms.admission,
            lifecycle=read_lifecycle(),
            clock=clock,
            on_call=rooms.calls.called,
            proxies=Proxies.of(
                map(str, settings.trusted_proxies), settings.client_certificate_header
            ),
        ),
        routers=rooms.routers,
        log=rooms.log,
        metrics=rooms.metrics,
        readiness=_readiness(rooms),
        lifespan=lifespan,
        tracing=rooms.tracing,
    )
    app.add_exception_handler(PoolExhausted, _turn_away)
    tell_of_outages(app, rooms.log)
    return app


def tell_of_outages(app: FastAPI, log: EventLog) -> None:
    """Let a call during which the database is away be refused with 503, not crash."""

    async def refuse(_request: Request, error: Exception) -> Response:
        if not is_outage(error):
            raise error
        log.error("store-unavailable", error=type(error).__name__)
        raise Problem("store-unavailable", headers={"Retry-After": "5"}) from None

    for kind in OUTAGES:
        app.add_exception_handler(kind, refuse)


async def _turn_away(_request: Request, _error: Exception) -> Response:
    """Say that too much is asked at a time: every connection to the database was taken.

    Raises:
        Problem: ``overloaded``.
    """
    raise Problem("overloaded", headers={"Retry-After": "1"})


def _build(settings: Settings, clock: Clock, seat: Seat | None) -> Rooms:
    log = open_log(settings.log_level)
    metrics = Metrics(_figures(seat))
    dictionary = open_dictionary(settings)
    store = open_store(settings.database_url)
    keys = FileKeyStore(settings.keys_dir)
    tracing = open_tracing(settings.otlp_endpoint, version("hitotsu"))
    http = open_http_client(tracing=tracing, destinations=outgoing(settings))
    audit = AuditLog(
        AuditStore(store), keys, log=log, on_batch=metrics.audit_batch, tracing=tracing
    )
    tree = AuditTree(
        TreeStore(store),
        keys,
        clock=clock,
        issuer=settings.public_url,
        log=log,
        anchors=settings.audit_anchor_dir,
    )
    metrics.watch_unanchored_heads(tree.unanchored_age_s)
    adapters, installed = read_adapters_file(settings.adapters_file), discover()
    connections = Connections.open(
        adapters,
        installed,
        http=http,
        clock=clock,
        log=log,
        metrics=metrics,
        dictionary=dictionary,
        proofs=Proofs.read(settings.certificates_dir, settings.required_adapter_level),
        tracing=tracing,
        copies=SnapshotCopies(SnapshotStore(store), keys, dictionary, clock),
        sharing=Sharing(seat.processes, seat.slots) if seat else Sharing(),
    )
    protection = ProtectionService(
        FlagStore(store),
        connections,
        clock=clock,
        log=log,
        flag_max_age=timedelta(seconds=settings.flag_max_age_s),
    )
    quotas = _quotas(settings, log, seat)
    access = AccessService(
        AccessStore(store),
        keys,
        audit,
        SubjectService(SubjectStore(store), keys, clock=clock),
        clock=clock,
        issuer=settings.public_url,
        token_lifetime_s=settings.token_lifetime_s,
        quotas=quotas,
        proofs=ProofGuard(seat.table.secret, seat.proofs) if seat else None,
    )
    parties = OtherParties(PartiesStore(store), protection)
    representations = RepresentationService(
        RepresentationStore(store), access, parties, audit, clock=clock
    )
    subjects = SubjectService(
        SubjectStore(store), keys, clock=clock, representatives=representations
    )
    routes = RouteService(RouteStore(store), clock)
    accesses = AccessesService(
        AccessesStore(store),
        AccessesRooms(
            access=access,
            subjects=subjects,
            protection=protection,
            audit=audit,
            keys=keys,
            dictionary=dictionary,
            clock=clock,
        ),
    )
    receipts = ReceiptService(
        subjects,
        audit,
        keys,
        dictionary,
        clock=clock,
        issuer=settings.public_url,
        lifetime_s=settings.receipt_lifetime_s,
    )
    submitted = SubmissionStore(store)
    stated = StatedValues(submitted, keys, clock=clock)
    submissions = SubmissionService(
        SubmissionRooms(
            submitted, access, subjects, routes, connections, audit, keys, dictionary, clock
        ),
        keep_days=settings.submission_keep_days,
    )
    delivery = OutboxDelivery(
        DeliveryRooms(submitted, stated, subjects, connections, audit, clock, log, metrics)
    )
    consents = ConsentService(
        ConsentRooms(ConsentStore(store), access, subjects, audit, dictionary, clock)
    )
    predicates = Predicates.of(dictionary)
    snooping = Snooping(AlertStore(store), audit, clock, log, metrics, settings.alert_without)
    questions = QuestionService(
        QuestionRooms(
            access=access,
            subjects=subjects,
            routes=routes,
            connections=connections,
            protection=protection,
            audit=audit,
            dictionary=dictionary,
            clock=clock,
            metrics=metrics,
            receipts=receipts,
            stated=stated,
            consents=consents,
            predicates=predicates,
            sameness=SamenessWatch(
                AlertStore(store), snooping, subjects, audit, dictionary, clock, log
            ),
        ),
        deadline_s=settings.question_deadline_s,
        admission=Admission(settings.questions_at_once),
    )
    recall_store = RecallStore(store)
    watching = WatchRooms(recall_store, audit, dictionary, clock)
    recall_watch = RecallWatch(
        watching,
        Recalls(watching, window=timedelta(days=settings.recall_days)),
        overdue=timedelta(hours=settings.recall_overdue_hours),
        log=log,
        metrics=metrics,
    )
    pushes = FlagPushes(
        PushRooms(PushStore(store), access, subjects, connections, audit, clock, log)
    )
    matching = MatchingService(
        MatchingRooms(
            MissStore(store),
            access,
            subjects,
            routes,
            connections,
            protection,
            audit,
            dictionary,
            clock,
            log,
        ),
        deadline_s=settings.question_deadline_s,
        misses_per_hour=settings.match_misses_per_hour,
    )
    my_number_store = open_store(settings.my_numbers_url, schema=MY_NUMBER_SCHEMA)
    my_numbers = MyNumbers(MyNumberStore(my_number_store), keys, clock=clock)
    number_matching = NumberMatching(
        NumberMatchingRooms(
            my_numbers,
            MissLimit(
                MissStore(store),
                clock,
                log,
                function=MATCH_NUMBER,
                per_hour=settings.match_misses_per_hour,
            ),
            access,
            subjects,
            protection,
            audit,
            dictionary,
            clock,
        )
    )
    evidence = EvidenceService(
        EvidenceRooms(EvidenceStore(store), questions, subjects, audit, keys, clock),
        issuer=settings.public_url,
    )
    routers = [
        question_router(questions, access),
        accesses_router(accesses, access),
        matching_router(matching, access),
        my_number_router(number_matching, access),
        event_router(EventFeed(FeedRooms(recall_store, subjects, audit, clock)), access),
        flag_router(pushes, access),
        notice_router(
            Notices(NoticeRooms(NoticeStore(store), access, subjects, audit, clock)), access
        ),
        catalogue_router(
            Catalogue(dictionary, RoutedSuppliers(routes, connections, predicates.sources))
        ),
        token_router(access),
        receipt_router(receipts, access),
        submission_router(submissions, access),
        consent_router(consents, access),
        representation_router(
            RepresentationList(ListRooms(representations, parties, access, subjects, audit, clock)),
            access,
        ),
        evidence_router(evidence, access),
        verification_router(evidence),
    ]
    if settings.linkage_networks:
        numbers = NumberService(NumberStore(store), subjects, audit, keys, my_numbers, clock=clock)
        linkage = LinkageRooms(
            service=LinkageService(
                LinkageStore(store),
                keys,
                audit,
                clock=clock,
                issuer=settings.public_url,
                token_lifetime_s=settings.token_lifetime_s,
                quotas=quotas,
            ),
            groups=GroupCalls(questions, access, subjects),
            numbers=NumberCalls(numbers, protection, audit, dictionary, clock=clock),
            dictionary=dictionary,
            networks=settings.linkage_networks,
            public_url=settings.public_url,
            log=log,
        )
        routers.append(linkage_router(linkage))
    if settings.console_networks:
        staff = StaffService(
            StaffStore(store),
            keys,
            audit,
            clock=clock,
            log=log,
            idle=timedelta(seconds=settings.console_idle_s),
        )
        persons = Persons(
            PersonRooms(
                views=ViewStore(store),
                questions=questions,
                access=access,
                subjects=subjects,
                protection=protection,
                connections=connections,
                audit=audit,
                dictionary=dictionary,
                clock=clock,
            )
        )
        console = ConsoleRooms(
            shell=Shell(
                staff,
                audit,
                clock,
                networks=settings.console_networks,
                public_url=settings.public_url,
            ),
            staff=staff,
            persons=persons,
            reveals=Reveals(OpeningStore(store), persons, audit, dictionary, clock),
            searches=Searches(SearchStore(store), subjects, protection, audit, clock),
            disclosures=Disclosures(
                DisclosureReports(
                    AccessView(AccessesStore(store), protection, audit, dictionary, clock),
                    audit,
                    clock=clock,
                ),
                subjects,
                keys,
            ),
            measures=MeasureDesk(MeasureStore(store), subjects, protection, audit, clock),
            dictionary=dictionary,
        )
        routers.append(console_pages(console).router())
    if settings.state_page:
        routers.append(console_router(ConnectionStates(connections, protection, dictionary), clock))
    return Rooms(
        settings,
        store,
        audit,
        tree,
        connections,
        protection,
        routers,
        metrics,
        log,
        delivery,
        recall_watch,
        Expiries(ExpiryStore(store), clock=clock, log=log, metrics=metrics),
        Reminders(MeasureStore(store), clock=clock, log=log),
        WithheldOfDay(CountStore(store), clock, metrics),
        snooping,
        http.aclose,
        tracing,
        my_number_store,
        seat or Lone(),
        questions.admission,
        CallCounts(clock, metrics),
        routes,
        adapters.adapters,
        installed,
    )


def _quotas(settings: Settings, log: EventLog, seat: Seat | None) -> Quotas:
    rates = Rates(settings.consumer_quota, settings.subject_quota, settings.consumer_quotas)
    if seat is None:
        return Quotas(rates, log)
    return Quotas(rates, log, seat.table.secret, seat.consumers, seat.subjects)


def _figures(seat: Seat | None) -> SharedFigures | None:
    return SharedFigures(seat.table.figures, seat.number) if seat else None


@asynccontextmanager
async def _running(rooms: Rooms) -> AsyncIterator[None]:
    """Start the writer of the audit record, pull the flags, keep both fresh; stop in reverse."""
    async with AsyncExitStack() as stack:
        stack.callback(rooms.tracing.close)
        stack.push_async_callback(rooms.store.aclose)
        stack.push_async_callback(rooms.my_numbers.aclose)
        stack.push_async_callback(rooms.aclose_http)
        stack.push_async_callback(rooms.connections.aclose)
        # The last rows come into the tree.
        stack.push_async_callback(_for_a_moment, _once(rooms, rooms.audit_tree.run_once), rooms.log)

        async def store_counts() -> None:
            await rooms.protection.counts.store(CountStore(rooms.store))
            await rooms.calls.store(CallStore(rooms.store))

        stack.push_async_callback(_for_a_moment, store_counts, rooms.log)
        await stack.enter_async_context(rooms.audit)
        if rooms.worker.leads():
            await rooms.protection.pull()
        await _for_a_moment(_once(rooms, _telling_of_forgotten(rooms)), rooms.log)
        for work, interval in (
            (_once(rooms, rooms.protection.poll), rooms.settings.flag_poll_s),
            (rooms.connections.check_all, CHECK_INTERVAL_S),
            (_once(rooms, rooms.audit_tree.run_once), rooms.settings.audit_head_interval_s),
            (_once(rooms, rooms.recalls.run_once), RECALL_INTERVAL_S),
            (_once(rooms, rooms.delivery.deliver), rooms.settings.outbox_poll_s),
            (_once(rooms, rooms.delivery.purge), PURGE_INTERVAL_S),
            (_once(rooms, rooms.expiries.run_once), EXPIRY_INTERVAL_S),
            (_once(rooms, rooms.reminders.run_once), REMINDER_INTERVAL_S),
            (_once(rooms, rooms.snooping.run_once), SNOOPING_INTERVAL_S),
            (_once(rooms, _figures_looked_up(rooms)), CHECK_INTERVAL_S),
            (_once(rooms, rooms.withheld.run_once), WITHHELD_INTERVAL_S),
            # Each process has its own to tell.
            (store_counts, COUNT_INTERVAL_S),
            (rooms.audit.store_refusals, WINDOW_S),
        ):
            task = asyncio.create_task(_repeat(work, interval, rooms.log))
            stack.push_async_callback(_stop, task)
        stack.push_async_callback(_stop, asyncio.create_task(rooms.admission.watch()))
        yield


def _once(rooms: Rooms, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    """Return work that one of several processes does for all of them."""

    async def work_if_leading() -> None:
        if rooms.worker.leads():
            await work()

    return work_if_leading


def _telling_of_forgotten(rooms: Rooms) -> Callable[[], Awaitable[object]]:
    """Return what tells the log of adapters that nobody uses and of routes to nowhere."""

    async def tell() -> None:
        for found in forgotten(rooms.installed, rooms.enabled, await rooms.routes.everywhere()):
            if found.kind is not Forgotten.NOT_SWITCHED_ON:
                rooms.log.warning(
                    "adapter-forgotten",
                    kind=found.kind.value,
                    adapter=found.adapter_id,
                    municipality=found.municipality,
                    group=found.group,
                )

    return tell


def _figures_looked_up(rooms: Rooms) -> Callable[[], Awaitable[object]]:
    async def look() -> None:
        rooms.metrics.look()

    return look


@asynccontextmanager
async def asking_edges(app: FastAPI, settings: Settings, log: EventLog) -> AsyncIterator[None]:
    """Take what edges have to be answered; at the end, what was taken is answered first."""
    cores = open_core(app, settings, log)
    for core in cores:
        core.start()
        # What waits at an edge is better off there than refused here.
        app.state.drain.tell(core.rest)
    try:
        yield
    finally:
        await asyncio.gather(*(core.aclose() for core in cores))


async def _repeat(work: Callable[[], Awaitable[object]], interval_s: float, log: EventLog) -> None:
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - a failed round must not end the next ones
            log.error("background-work-failed", error=type(error).__name__)  # noqa: TRY400 - no trace
        await asyncio.sleep(interval_s)


async def _for_a_moment(work: Callable[[], Awaitable[object]], log: EventLog) -> None:
    """Do what belongs to a start or a stop; neither waits for it for long."""
    try:
        async with asyncio.timeout(MOMENT_S):
            await work()
    except Exception as error:  # noqa: BLE001 - the start or stop goes on
        log.error("background-work-failed", error=type(error).__name__)  # noqa: TRY400 - no trace


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _readiness(rooms: Rooms) -> Sequence[ReadinessCheck]:
    async def database() -> bool:
        await rooms.store.ping()
        return True

    async def migrations() -> bool:
        return (await schema_state(rooms.store)).up_to_date

    async def audit() -> bool:
        return rooms.audit.alive

    async def adapters() -> bool:
        usable = {SourceState.ONLINE, SourceState.CLOSED}
        return any(c.health.state in usable for c in rooms.connections.all())

    return [
        ReadinessCheck("database", "データベース", "Database", database),
        ReadinessCheck("migrations", "データベースの移行", "Migrations", migrations),
        ReadinessCheck("audit", "監査記録", "Audit record", audit),
        ReadinessCheck("adapters", "使えるアダプター", "Usable adapter", adapters),
    ]
