import json
import logging

import pytest
from sqlalchemy import text

from gateway.audit import AuditLog, AuditStore
from gateway.keys import FileKeyStore
from gateway.problems import Problem
from gateway.store.engine import Store
from gateway.subjects import LinkFileError, LinkRow, SubjectService, SubjectStore
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.access.consumers import access_registry, access_service, claims, register, sign
from tests.gateway.access.consumers import request as token_request
from tests.gateway.access.proofs import verified
from tests.gateway.audit.entries import entry
from tests.gateway.subjects.askers import Asking

TOWN = "999997"
RESIDENT, TAX, OTHER = "740000000012", "74000003", "740000000020"


async def test_no_number_handle_token_or_key_reaches_a_log_or_an_error(
    store: Store,
    keys: FileKeyStore,
    clock: StoppedClock,
    event_log: RecordingLog,
    caplog: pytest.LogCaptureFixture,
):
    """With every library at level debug, through successes, refusals and a broken database."""
    caplog.set_level(logging.DEBUG)
    errors: list[BaseException] = []
    subjects = SubjectService(SubjectStore(store), keys, clock=clock)
    rows = [LinkRow(2, (("resident", RESIDENT), ("tax", TAX)), "staff-confirmed")]
    await subjects.import_links(TOWN, rows, anchor="resident", actor="test")
    wrong = [LinkRow(2, (("resident", OTHER), ("tax", TAX)), "staff-confirmed")]
    with pytest.raises(LinkFileError) as conflict:
        await subjects.import_links(TOWN, wrong, anchor="resident", actor="test")
    errors.append(conflict.value)
    person = await subjects.find_by_number(TOWN, "tax", TAX)
    assert person is not None
    handle = subjects.handle_for(TOWN, "online-service", person.subject_id)
    await subjects.resolve(Asking(TOWN, "online-service"), handle)
    with pytest.raises(Problem) as unknown:
        await subjects.resolve(Asking(TOWN, "counter"), handle)
    errors.append(unknown.value)
    assertion = sign(claims(clock))
    async with AuditLog(AuditStore(store), keys, log=event_log, patience_s=30) as audit:
        await register(access_registry(store, clock))
        access = access_service(store, keys, audit, clock)
        token = (await access.issue(token_request(assertion))).access_token
        await verified(access, clock, token)
        async with store.transaction() as session:
            await session.execute(text("ALTER TABLE source_number RENAME TO gone"))
            await session.execute(text("ALTER TABLE audit RENAME TO gone_too"))
        key = audit.pseudonym(TOWN, person.subject_id)
        for broken in (
            subjects.find_by_number(TOWN, "tax", TAX),
            subjects.resolve(Asking(TOWN, "online-service"), handle),
            audit.append(entry(subject_key=key)),
        ):
            with pytest.raises(Exception) as failure:  # noqa: PT011 - whatever it is
                await broken
            errors.append(failure.value)
    secrets = json.loads(keys.path.read_text())
    said = caplog.text + event_log.text + "".join(map(repr, errors)) + "".join(map(str, errors))
    assert "audit-failed" in said
    assert "source_number" in said
    for canary in (
        *(RESIDENT, TAX, OTHER, handle, person.subject_id, token, assertion, key),
        secrets["audit"],
        secrets["signing"][0]["jwk"]["d"],
        secrets["handles"][0]["secret"],
    ):
        assert canary not in said
