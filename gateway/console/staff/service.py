"""Logging in with two factors, and the session that follows.

Every failure looks the same to whoever tries, is counted, and stands in the audit record (AU-11).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from adapters.contract import Clock, EventLog
from gateway.access import Caller
from gateway.audit import NO_MUNICIPALITY, AuditEntry, AuditKind, AuditLog
from gateway.console.staff.factors import (
    Passwords,
    enrolment_digest,
    is_long_enough,
    new_code_secret,
    open_secret,
    seal_secret,
    step_of,
)
from gateway.console.staff.rights import Duty, Right
from gateway.console.staff.store import HeldRight, StaffStore
from gateway.keys import KeyStore
from gateway.store.tables import StaffRow, StaffSessionRow

MAX_FAILURES: Final = 5
LOCK: Final = dt.timedelta(minutes=30)
LONGEST: Final = dt.timedelta(hours=10)
"""A session ends by then, however busy it is: one working day."""
TOKEN_LETTERS: Final = 48
"""Letters alone: digits in a header could look like an individual number."""
_NOTE_EVERY: Final = dt.timedelta(minutes=1)
NOBODY: Final = "?"
"""Stands for whoever tried to log in under an id that is none: it may be a password, mistyped."""


class LoginRefused(Exception):
    """A login, an enrolment or a confirmation is refused. Nothing says why."""


class PasswordTooShort(Exception):
    """A new password is too short or too long."""


@dataclass(frozen=True, slots=True)
class Member:
    """Whoever is logged in, with the rights that are in force now.

    ``session`` is the digest of the cookie; ``csrf`` is what every form of this session holds.
    """

    staff_id: str
    municipality: str
    name: str
    session: bytes = field(repr=False)
    csrf: str = field(repr=False)
    rights: frozenset[Right] = frozenset()
    duties: Mapping[Right, tuple[Duty, ...]] = field(default_factory=dict)

    @property
    def actor(self) -> str:
        """Return who it is, as settings and approvals record it."""
        return f"staff:{self.staff_id}"

    def at(self, address: str) -> str:
        """Return who it is and where, as the audit record of a look says it (AU-1)."""
        return terminal_of(self.staff_id, address)

    def find_duty(self, right: Right, client_id: str, purpose_id: str) -> Duty | None:
        """Return the duty for which the member holds the right."""
        found = (d for d in self.duties.get(right, ()) if d.asker == (client_id, purpose_id))
        return next(found, None)


def terminal_of(staff_id: str, address: str) -> str:
    """Return account and address of a member of staff in one text."""
    return f"staff:{staff_id}@{address}"


class StaffService:
    """Lets members of staff in.

    Args:
        idle: a session that is not used for this long is over.
    """

    def __init__(
        self,
        store: StaffStore,
        keys: KeyStore,
        audit: AuditLog,
        *,
        clock: Clock,
        log: EventLog,
        idle: dt.timedelta,
        passwords: Passwords | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._audit = audit
        self._clock = clock
        self._log = log
        self._idle = idle
        self._passwords = passwords or Passwords()

    async def log_in(self, staff_id: str, password: str, code: str, caller: Caller) -> str:
        """Return the cookie of a new session.

        Raises:
            LoginRefused: a factor is wrong, a code was used before, or there may be no attempt.
            Problem: ``audit-unavailable``.
        """
        row = await self._prove(staff_id, password, code, caller, "staff-login")
        token = "".join(secrets.choice(string.ascii_letters) for _ in range(TOKEN_LETTERS))
        now = self._clock.now()
        await self._record(row, caller, "accepted", "staff-login")
        session = StaffSessionRow(
            digest=_digest(token), staff_id=row.staff_id, began_at=now, seen_at=now
        )
        await self._store.open_session(session, now - LONGEST)
        return token

    async def confirm(self, member: Member, password: str, code: str, caller: Caller) -> None:
        """Do nothing if it is the member who acts: both factors anew, for what is dangerous.

        Raises:
            LoginRefused: a factor is wrong. After too many failures the session is over as well.
            Problem: ``audit-unavailable``.
        """
        try:
            row = await self._prove(member.staff_id, password, code, caller, "staff-confirm")
        except LoginRefused:
            known = await self._store.find(member.staff_id)
            if known is None or known.locked_until is not None or known.disabled_at is not None:
                await self._store.end_session(member.session)
            raise
        await self._record(row, caller, "accepted", "staff-confirm")

    async def find(self, token: str) -> Member | None:
        """Return who is behind a cookie; None where the session is over or there never was one."""
        digest, now = _digest(token), self._clock.now()
        found = await self._store.find_session(digest)
        if found is None:
            return None
        session, row = found
        idle = now - session.seen_at >= self._idle
        if idle or now - session.began_at >= LONGEST or row.disabled_at is not None:
            await self._store.end_session(digest)
            return None
        if now - session.seen_at >= _NOTE_EVERY:
            await self._store.seen(digest, now)
        held = await self._store.held(row.staff_id)
        return Member(
            row.staff_id,
            row.municipality,
            row.name,
            digest,
            hmac.new(token.encode(), b"hitotsu csrf", hashlib.sha256).hexdigest(),
            frozenset(Right(right.name) for right in held),
            _duties(held),
        )

    async def log_out(self, member: Member, caller: Caller) -> None:
        """End the session.

        Raises:
            Problem: ``audit-unavailable``.
        """
        await self._store.end_session(member.session)
        await self._audit.append(
            AuditEntry(
                municipality=member.municipality,
                at=self._clock.now(),
                kind=AuditKind.EVENT,
                outcome="ended",
                trace_id=caller.trace_id,
                terminal=member.at(caller.terminal),
                function="staff-logout",
            )
        )

    async def begin_enrolment(self, staff_id: str, code: str, caller: Caller) -> bytes:
        """Return the secret of the one-time codes for whoever holds the code for enrolling.

        Raises:
            LoginRefused: the code is wrong, too old, or was used.
            Problem: ``audit-unavailable``.
        """
        row = await self._enrolling(staff_id, code, caller)
        known = self._secret(row)
        if known is not None:
            await self._store.forgive(row.staff_id, {})
            return known
        sealing, secret = self._keys.keys().sealing_secret, new_code_secret()
        sealed = seal_secret(sealing, row.staff_id, secret)
        kept = {"secret_version": sealing.version, "sealed_secret": sealed}
        await self._store.forgive(row.staff_id, kept)
        return secret

    async def enrol(
        self, staff_id: str, enrolment: str, password: str, code: str, caller: Caller
    ) -> None:
        """Set the password; the code shows that the authenticator holds the secret.

        Raises:
            LoginRefused: one of the codes is wrong.
            PasswordTooShort: the password is too short or too long; it may be tried again.
            Problem: ``audit-unavailable``.
        """
        row = await self._enrolling(staff_id, enrolment, caller)
        step = self._step(row, code)
        if step is None:
            await self._refuse(staff_id, row, caller, "staff-enrol")
        if not is_long_enough(password):
            await self._store.forgive(row.staff_id, {})
            raise PasswordTooShort
        made = await self._passwords.make(password)
        values = {"password": made, "enrolment": None, "enrol_until": None}
        if not await self._store.succeed(row.staff_id, step, values):
            await self._refuse(staff_id, row, caller, "staff-enrol")
        await self._record(row, caller, "accepted", "staff-enrol")

    async def _enrolling(self, staff_id: str, code: str, caller: Caller) -> StaffRow:
        row = await self._store.begin_attempt(staff_id, self._clock.now(), MAX_FAILURES, LOCK)
        given = enrolment_digest(code)
        if row is None or row.enrolment is None or row.enrol_until is None:
            await self._refuse(staff_id, row, caller, "staff-enrol")
        in_time = self._clock.now() < row.enrol_until
        if not hmac.compare_digest(given, row.enrolment) or not in_time:
            await self._refuse(staff_id, row, caller, "staff-enrol")
        return row

    async def _prove(
        self, staff_id: str, password: str, code: str, caller: Caller, function: str
    ) -> StaffRow:
        """Return the member whose both factors these are; the code cannot be used again."""
        row = await self._store.begin_attempt(staff_id, self._clock.now(), MAX_FAILURES, LOCK)
        enrolled = row is not None and row.enrolment is None
        right = await self._passwords.check(password, row.password if row and enrolled else None)
        step = self._step(row, code) if row is not None else None
        if row is None or not right or step is None:
            await self._refuse(staff_id, row, caller, function)
        if not await self._store.succeed(row.staff_id, step, {}):
            await self._refuse(staff_id, row, caller, function)
        return row

    def _step(self, row: StaffRow, code: str) -> int | None:
        """Return the time step of the code, None where it is wrong or was used before."""
        secret = self._secret(row)
        if secret is None:
            return None
        step = step_of(secret, code, self._clock.now().timestamp())
        return step if step is not None and step > row.code_step else None

    def _secret(self, row: StaffRow) -> bytes | None:
        if row.sealed_secret is None:
            return None
        sealing = self._keys.keys().find_sealing_secret(row.secret_version)
        return open_secret(sealing, row.staff_id, row.sealed_secret)

    async def _refuse(
        self, staff_id: str, row: StaffRow | None, caller: Caller, function: str
    ) -> NoReturn:
        # Looked up in every case, so that an id that is none takes as long as one that is locked.
        known = await self._store.find(staff_id)
        await self._record(row or known, caller, "refused", function)
        if row is not None and row.locked_until is not None:
            self._log.warning("staff-locked-out", municipality=row.municipality, count=row.failures)
        raise LoginRefused

    async def _record(
        self, row: StaffRow | None, caller: Caller, outcome: str, function: str
    ) -> None:
        refused = outcome == "refused"
        entry = AuditEntry(
            municipality=row.municipality if row else NO_MUNICIPALITY,
            at=self._clock.now(),
            kind=AuditKind.AUTHENTICATION,
            outcome=outcome,
            trace_id=caller.trace_id,
            terminal=terminal_of(row.staff_id if row else NOBODY, caller.terminal),
            problem="staff-login-refused" if refused else None,
            function=function,
        )
        if refused:
            await self._audit.append_refusal(entry)
        else:
            await self._audit.append(entry)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _duties(held: list[HeldRight]) -> dict[Right, tuple[Duty, ...]]:
    duties: dict[Right, list[Duty]] = {}
    for right in held:
        if right.client_id is not None and right.purpose_id is not None:
            duty = Duty(
                right.client_id, right.purpose_id, right.client_name or "", right.purpose_name or ""
            )
            duties.setdefault(Right(right.name), []).append(duty)
    return {right: tuple(sorted(found)) for right, found in duties.items()}
