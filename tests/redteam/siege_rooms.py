"""The rooms that consumers can call, over the scripted systems of a world."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter

from gateway.access.routes import token_router
from gateway.accesses import AccessesRooms, AccessesService, AccessesStore
from gateway.accesses.routes import accesses_router
from gateway.consents import ConsentRooms, ConsentService, ConsentStore
from gateway.consents.routes import consent_router
from gateway.evidence import EvidenceRooms, EvidenceService, EvidenceStore
from gateway.evidence.routes import evidence_router, verification_router
from gateway.keys import FileKeyStore
from gateway.matching import MatchingRooms, MatchingService, MissStore
from gateway.matching.routes import matching_router
from gateway.questions.routes import question_router
from gateway.questions.service import QuestionService
from gateway.recalls import EventFeed, FeedRooms, RecallStore
from gateway.recalls.routes import event_router
from gateway.receipts.routes import receipt_router
from gateway.submissions import StatedValues, SubmissionService, SubmissionStore
from gateway.submissions.routes import submission_router
from gateway.submissions.service import SubmissionRooms
from tests.gateway.questions.conftest import World

ISSUER = "https://gateway.test"
MISSES = 30
"""In an hour, after which a consumer may look for nobody."""


def routers_of(world: World, keys: FileKeyStore) -> list[APIRouter]:
    """Return every operation for consumers, over the rooms of ``world``."""
    rooms = world.questions._rooms
    store, access = world.store, rooms.access
    consents = ConsentService(
        ConsentRooms(
            ConsentStore(store),
            access,
            world.subjects,
            rooms.audit,
            rooms.dictionary,
            world.clock,
        )
    )
    submitted = SubmissionStore(store)
    stated = StatedValues(submitted, keys, clock=world.clock)
    world.questions = QuestionService(
        replace(rooms, consents=consents, stated=stated), deadline_s=30.0
    )
    submissions = SubmissionService(
        SubmissionRooms(
            submitted,
            access,
            world.subjects,
            rooms.routes,
            rooms.connections,
            rooms.audit,
            keys,
            rooms.dictionary,
            world.clock,
        ),
        keep_days=365,
    )
    evidence = EvidenceService(
        EvidenceRooms(
            EvidenceStore(store), world.questions, world.subjects, rooms.audit, keys, world.clock
        ),
        issuer=ISSUER,
    )
    matching = MatchingService(
        MatchingRooms(
            MissStore(store),
            access,
            world.subjects,
            rooms.routes,
            rooms.connections,
            rooms.protection,
            rooms.audit,
            rooms.dictionary,
            world.clock,
            world.log,
        ),
        deadline_s=1.0,
        misses_per_hour=MISSES,
    )
    accesses = AccessesService(
        AccessesStore(store),
        AccessesRooms(
            access=access,
            subjects=world.subjects,
            protection=world.protection,
            audit=rooms.audit,
            keys=keys,
            dictionary=rooms.dictionary,
            clock=world.clock,
        ),
    )
    feed = EventFeed(FeedRooms(RecallStore(store), world.subjects, rooms.audit, world.clock))
    return [
        question_router(world.questions, access),
        token_router(access),
        receipt_router(rooms.receipts, access),
        submission_router(submissions, access),
        consent_router(consents, access),
        evidence_router(evidence, access),
        verification_router(evidence),
        matching_router(matching, access),
        accesses_router(accesses, access),
        event_router(feed, access),
    ]
