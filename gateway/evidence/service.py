"""Preview a statement, release what was previewed, take it back. Rule RC-4.

A statement is an answer to a question: the same rights, the same guard, the same protection, the
same record. Nothing of it is kept; that it is what the citizen saw is known by a signed digest.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final, NoReturn

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from starlette.responses import Response

from adapters.contract import Clock
from gateway.access import Access, Caller
from gateway.api.message_signatures import sign_answer
from gateway.audit import AuditEntry, AuditKind, AuditLog, to_record
from gateway.clock import TOKYO
from gateway.evidence.content import add_words, statement_parts, statement_texts
from gateway.evidence.schemas import TITLES, Release, Revocation, Wanted
from gateway.evidence.sd_jwt import conceal, make_status_list, sign
from gateway.evidence.store import LIST_SIZE, EvidenceStore
from gateway.evidence.view import render_view
from gateway.keys import SIGNING_ALGORITHM, KeyStore
from gateway.notices.releases import obtained
from gateway.problems import Problem
from gateway.questions.record import sources_of
from gateway.questions.render import render_answer
from gateway.questions.schemas import Question
from gateway.questions.service import QuestionAnswer, QuestionService
from gateway.retention import retention_rules
from gateway.store.tables import EvidenceRow
from gateway.subjects import Subject, SubjectService
from gateway.subjects.acting import in_whose_place, resolve_to_end
from standard_models.answers import Method

PREVIEW_TYPE: Final = "hitotsu-preview+jwt"
PREVIEW_LIFETIME_S: Final = 600
STATUS_TTL_S: Final = 300
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class EvidenceRooms:
    """The rooms that a statement passes through."""

    store: EvidenceStore
    questions: QuestionService
    subjects: SubjectService
    audit: AuditLog
    keys: KeyStore
    clock: Clock


class EvidenceService:
    """Previews, releases and takes back statements.

    Args:
        issuer: the gateway's public URL.

    """

    def __init__(self, rooms: EvidenceRooms, *, issuer: str) -> None:
        self._rooms = rooms
        self._issuer = issuer

    async def preview(self, access: Access, wanted: Wanted, caller: Caller) -> dict[str, Any]:
        """Return what a statement would say, and the means to release exactly that.

        Raises:
            Problem: as of a question; ``evidence-not-certifiable``.

        """
        answer = await self._ask(access, wanted, caller)
        now = self._rooms.clock.now()
        until = now + dt.timedelta(seconds=PREVIEW_LIFETIME_S)
        shown = render_answer(answer)
        for part, said in zip(answer.parts, shown["parts"], strict=True):
            add_words(part, said)
        return {
            "preview": self._preview_token(access, wanted, answer, until),
            "expires_at": until.isoformat(),
            "title": TITLES[wanted.statement][0],
            "parts": shown["parts"],
            "explanations": shown["explanations"],
        }

    async def release(self, access: Access, asked: Release, caller: Caller) -> dict[str, Any]:
        """Return the signed statement if it says what the citizen saw.

        Raises:
            Problem: as of a question; ``preview-invalid``, ``preview-outdated``,
                ``evidence-not-certifiable``.

        """
        try:
            answer = await self._as_seen(access, asked, caller)
            subject = await self._rooms.subjects.resolve(access, asked.subject, asked.items)
        except Problem as problem:
            await self._record(access, caller, "refused", problem)
            raise
        for _ in range(_ATTEMPTS):
            released = await self._released(access, asked, answer, subject, caller)
            if released is not None:
                return released
        raise Problem("internal-error")

    async def revoke(self, access: Access, asked: Revocation, caller: Caller) -> dict[str, Any]:
        """Take a statement back; again and again with the same effect.

        Raises:
            Problem: ``unknown-subject``, ``unknown-evidence``.

        """
        try:
            row, subject = await self._own(access, asked)
        except Problem as problem:
            await self._record(access, caller, "refused", problem)
            raise
        at = row.revoked_at or self._rooms.clock.now()
        entry = self._entry(access, caller, "revoked", subject)
        await self._rooms.store.revoke(access.municipality, row.evidence_id, at, to_record(entry))
        revoked_at = at.astimezone(TOKYO).isoformat()
        return {"evidence_id": row.evidence_id, "revoked_at": revoked_at}

    def signed(self, response: Response) -> Response:
        """Return the answer with a signature over its status and its body. Rule AT-7."""
        key = self._rooms.keys.keys().evidence_key
        sign_answer(response, key.jwk.get_op_key("sign"), key.kid, self._rooms.clock.now())
        return response

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that cannot be read, and refuse it."""
        await self._record(access, caller, "refused", problem)
        raise problem

    async def status_list(self, year: int) -> str:
        """Return the signed list of the statements of ``year`` that were taken back.

        Once rows of the year may be erased there is no list: half of one would call a statement
        good that was taken back.

        Raises:
            Problem: ``not-found``: no statement of that year can exist, or its rows may be gone.

        """
        now = self._rooms.clock.now()
        kept_years = retention_rules().erased["evidence"].floor_years
        if not max(2026, now.year - kept_years + 1) <= year <= now.year:
            raise Problem("not-found")
        places = await self._rooms.store.revoked_places(year)
        key = self._rooms.keys.keys().evidence_key
        return make_status_list(
            self._status_uri(year), places, LIST_SIZE, now, STATUS_TTL_S, key.jwk, key.kid
        )

    def published_keys(self) -> dict[str, Any]:
        """Return the issuer and its keys. Source: SD-JWT VC, 5 (issuer metadata)."""
        return {"issuer": self._issuer, "jwks": self._rooms.keys.keys().evidence_jwks()}

    async def _ask(self, access: Access, wanted: Wanted, caller: Caller) -> QuestionAnswer:
        groups = tuple(dict.fromkeys(item.rpartition(".")[0] for item in wanted.items))
        question = Question(
            subject=wanted.subject,
            purpose=wanted.purpose,
            items=wanted.items,
            # A statement with a part that could not be asked would be read as one without it.
            require=groups if len(set(wanted.items)) == len(wanted.items) else (),
            receipt=False,
        )
        answer = await self._rooms.questions.ask(access, question, caller)
        if any(p.provenance and p.provenance.method is Method.STATED for p in answer.parts):
            raise Problem("evidence-not-certifiable")
        return answer

    async def _as_seen(self, access: Access, asked: Release, caller: Caller) -> QuestionAnswer:
        digest = self._read_preview(access, asked)
        answer = await self._ask(access, asked, caller)
        if not hmac.compare_digest(digest, self._digest(access, asked, answer)):
            raise Problem("preview-outdated")
        return answer

    def _digest(self, access: Access, wanted: Wanted, answer: QuestionAnswer) -> str:
        """Return the keyed digest of all that a statement says, but for when it was looked up."""
        said = [
            access.client_id,
            access.municipality,
            wanted.model_dump(mode="json", exclude={"preview"}),
            [part["records"] for part in statement_parts(answer)],
        ]
        secret = self._rooms.keys.keys().sealing_secret.secret
        text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        made = blake2b(text, digest_size=32, key=secret, person=b"evidence preview").digest()
        return urlsafe_b64encode(made).rstrip(b"=").decode()

    def _preview_token(
        self, access: Access, wanted: Wanted, answer: QuestionAnswer, until: dt.datetime
    ) -> str:
        key = self._rooms.keys.keys().evidence_key
        header = {"alg": SIGNING_ALGORITHM, "typ": PREVIEW_TYPE, "kid": key.kid}
        claims = {
            "aud": access.client_id,
            "exp": int(until.timestamp()),
            "said": self._digest(access, wanted, answer),
        }
        return jws.serialize_compact(
            header, orjson.dumps(claims), key.jwk, algorithms=[SIGNING_ALGORITHM]
        )

    def _read_preview(self, access: Access, asked: Release) -> str:
        try:
            found = jws.extract_compact(asked.preview.encode("ascii"))
            header = found.headers()
            key = self._rooms.keys.keys().find_evidence_key(header.get("kid"))
            if key is None or key.revoked_at is not None or header.get("typ") != PREVIEW_TYPE:
                raise Problem("preview-invalid")
            good = jws.validate_compact(found, key.jwk, algorithms=[SIGNING_ALGORITHM])
            claims = orjson.loads(found.payload)
        except (JoseError, ValueError, TypeError):
            raise Problem("preview-invalid") from None
        if not good or claims["aud"] != access.client_id:
            raise Problem("preview-invalid")
        if claims["exp"] <= self._rooms.clock.now().timestamp():
            raise Problem("preview-outdated")
        return str(claims["said"])

    async def _released(
        self,
        access: Access,
        asked: Release,
        answer: QuestionAnswer,
        subject: Subject,
        caller: Caller,
    ) -> dict[str, Any] | None:
        """Return the statement once its row is durable; None if its place was taken meanwhile."""
        now = self._rooms.clock.now()
        place = await self._rooms.store.reserve(now.year)
        key = self._rooms.keys.keys().evidence_key
        until = now + dt.timedelta(days=asked.valid_days)
        row = EvidenceRow(
            year=now.year,
            place=place,
            municipality=access.municipality,
            evidence_id=secrets.token_hex(16),
            client_id=access.client_id,
            subject_id=subject.subject_id,
            purpose_id=access.purpose_id,
            items=list(asked.items),
            statement=asked.statement.value,
            key_id=key.kid,
            issued_at=now,
            expires_at=until,
            revoked_at=None,
        )
        entry = replace(
            self._entry(access, caller, "released", subject),
            sources=sources_of(answer.parts),
            statement={"id": row.evidence_id, "answer": answer.question_id},
        )
        told = obtained(
            access.municipality, access.client_id, row.evidence_id, subject, asked.items, now
        )
        if not await self._rooms.store.add(row, to_record(entry), told):
            return None
        payload, disclosures = self._statement(row, asked, answer)
        evidence = sign(payload, disclosures, key.jwk, key.kid)
        return {
            "evidence_id": row.evidence_id,
            "issued_at": now.isoformat(),
            "expires_at": until.isoformat(),
            "evidence": evidence,
            "keys": f"{self._issuer}/.well-known/jwt-vc-issuer",
            "status": self._status_uri(now.year),
            "html": render_view(evidence, payload, statement_parts(answer)),
        }

    def _statement(
        self, row: EvidenceRow, asked: Release, answer: QuestionAnswer
    ) -> tuple[dict[str, Any], list[str]]:
        """Return what is signed, and the disclosures of every item."""
        disclosures: list[str] = []
        parts = []
        for part in statement_parts(answer):
            concealed = []
            for record in part["records"]:
                digests, of_record = conceal(record)
                concealed.append(digests)
                disclosures += of_record
            parts.append({**part, "records": concealed})
        title_ja, title_en = TITLES[asked.statement]
        return {
            "iss": self._issuer,
            "vct": f"urn:hitotsu:evidence:{asked.statement.value}:1",
            "iat": int(row.issued_at.timestamp()),
            "exp": int(row.expires_at.timestamp()),
            "jti": row.evidence_id,
            "municipality": row.municipality,
            "title": {"ja": title_ja, "en": title_en},
            "texts": statement_texts(row.municipality, row.issued_at, row.expires_at),
            "status": {
                "status_list": {"idx": row.place, "uri": self._status_uri(row.year)},
            },
            "parts": parts,
        }, disclosures

    def _status_uri(self, year: int) -> str:
        return f"{self._issuer}/evidence/status/{year}"

    async def _own(self, access: Access, asked: Revocation) -> tuple[EvidenceRow, Subject]:
        town = access.municipality
        row = await self._rooms.store.find(town, asked.evidence_id)
        subject = await resolve_to_end(self._rooms.subjects, access, asked.subject, row)
        if row is None or subject is None:
            raise Problem("unknown-evidence")
        return row, subject

    async def _record(self, access: Access, caller: Caller, outcome: str, problem: Problem) -> None:
        await self._rooms.audit.append(self._entry(access, caller, outcome, None, problem))

    def _entry(
        self,
        access: Access,
        caller: Caller,
        outcome: str,
        subject: Subject | None,
        problem: Problem | None = None,
    ) -> AuditEntry:
        town = access.municipality
        return AuditEntry(
            municipality=town,
            at=self._rooms.clock.now(),
            kind=AuditKind.OPERATION,
            client_id=access.client_id,
            subject_key=(
                self._rooms.audit.pseudonym(town, subject.subject_id) if subject else None
            ),
            purpose=access.purpose_id,
            outcome=outcome,
            problem=problem.type.slug if problem else None,
            trace_id=caller.trace_id,
            terminal=caller.terminal,
            function="evidence",
            representation=in_whose_place(self._rooms.audit, town, subject),
        )
