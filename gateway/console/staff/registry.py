"""Registering members of staff, their desks and their rights. Every change is audited."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.contract import Clock
from gateway.access import RegistrationError
from gateway.access.registration import checked_text, require_id, require_municipality
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.console.staff.factors import enrolment_digest, new_enrolment_code
from gateway.console.staff.rights import OF_A_DUTY, Right
from gateway.console.staff.store import AlreadyThereError, StaffStore
from gateway.store.tables import ClientRow, StaffDeskRow, StaffRightRow, StaffRow

ENROLMENT: Final = dt.timedelta(days=3)
"""How long a code for enrolling works."""
_STAFF_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,30}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class NewMember:
    """A member of staff who has to enrol. The code is shown this once."""

    staff_id: str
    code: str = field(repr=False)
    until: dt.datetime


class StaffRegistry:
    """Registers staff. ``actor`` is who does it, for the audit record.

    Nobody gives a right alone: it is proposed by one person and approved by another. Whoever
    resets a login proposes all its rights anew, so that nobody takes over an account alone.
    """

    def __init__(self, store: StaffStore, *, clock: Clock, actor: str) -> None:
        self._store = store
        self._clock = clock
        self._actor = actor

    async def add_desk(self, municipality: str, client_id: str, *, name: str, contact: str) -> None:
        """Register a desk. What is seen there, its grants say.

        Raises:
            RegistrationError: a text of the wrong shape, or the id is taken.
        """
        require_municipality(municipality)
        require_id(client_id)
        client = ClientRow(
            client_id=client_id,
            name=checked_text(name),
            contact=checked_text(contact),
            jwks={"keys": []},
            created_at=self._clock.now(),
            revoked_at=None,
        )
        desk = StaffDeskRow(client_id=client_id, municipality=municipality)
        audit = self._change(
            municipality, "staff-desk-add", None, {"desk": client_id, "name": client.name}
        )
        await self._add([client, desk], audit)

    async def add(self, municipality: str, staff_id: str, *, name: str) -> NewMember:
        """Register a member of staff, who has no right yet, and return the code for enrolling.

        Raises:
            RegistrationError: a text of the wrong shape, or the id is taken.
        """
        require_municipality(municipality)
        if not _STAFF_ID.fullmatch(staff_id):
            raise RegistrationError(
                "職員 ID は半角の英小文字・数字・.・_・- で 3〜32 文字にしてください。",
                "A staff id has 3 to 32 lower-case letters, digits, dots, hyphens, underscores.",
            )
        new = self._new(staff_id)
        row = StaffRow(
            staff_id=staff_id,
            municipality=municipality,
            name=checked_text(name),
            password=None,
            secret_version=None,
            sealed_secret=None,
            code_step=0,
            enrolment=enrolment_digest(new.code),
            enrol_until=new.until,
            failures=0,
            locked_until=None,
            disabled_at=None,
            created_at=self._clock.now(),
        )
        await self._add([row], self._change(municipality, "staff-add", None, _facts(row)))
        return new

    async def grant(
        self,
        municipality: str,
        staff_id: str,
        right: Right,
        *,
        desk: str | None = None,
        purpose: str | None = None,
    ) -> StaffRightRow:
        """Propose a right; it is in force once another person has approved it.

        Raises:
            RegistrationError: no such member, desk or purpose; or desk and purpose where the
                right has none, or the reverse.
        """
        await self._member(municipality, staff_id)
        if (right in OF_A_DUTY) != (desk is not None and purpose is not None) or (
            right not in OF_A_DUTY and (desk or purpose)
        ):
            raise RegistrationError(
                "view-person と reveal には窓口と利用目的を指定し、ほかの権利には指定しません。",
                "view-person and reveal are for a desk and a purpose, other rights for neither.",
            )
        if desk and not await self._store.desk(municipality, desk):
            raise RegistrationError("この窓口は登録されていません。", "There is no such desk.")
        if purpose and not await self._store.has_purpose(municipality, purpose):
            raise RegistrationError(
                "この利用目的は登録されていません。", "There is no such purpose."
            )
        row = StaffRightRow(
            right_id=secrets.token_hex(8),
            staff_id=staff_id,
            name=right.value,
            client_id=desk,
            purpose_id=purpose,
            proposed_by=self._actor,
            proposed_at=self._clock.now(),
            approved_by=None,
            approved_at=None,
            revoked_at=None,
        )
        audit = self._change(municipality, "staff-right-propose", None, _right_facts(row))
        await self._add([row], audit)
        return row

    async def approve(self, municipality: str, right_id: str) -> StaffRightRow:
        """Put a right in force, as another person than who proposed it.

        Only after the member has enrolled: whoever handed out the code may have kept it, and the
        member, asked by the second person, would not have been able to log in.

        Raises:
            RegistrationError: no such proposal; one's own; the member has not enrolled; somebody
                changed it meanwhile.
        """
        row = await self._right(municipality, right_id)
        if row.approved_by is not None:
            raise RegistrationError("すでに承認されています。", "It has been approved already.")
        if (await self._member(municipality, row.staff_id)).password is None:
            raise RegistrationError(
                "この職員はまだログインの登録を終えていません。本人に確かめてから承認してください。",
                "The member has not enrolled yet; ask them, then approve.",
            )
        if row.proposed_by == self._actor:
            raise RegistrationError(
                "自分が申し出た権利は承認できません。別の人が実行してください。",
                "Nobody gives a right alone: another person must approve.",
            )
        changes = {"approved_by": self._actor, "approved_at": self._clock.now()}
        await self._change_right(municipality, row, "staff-right-approve", changes)
        return row

    async def revoke(self, municipality: str, right_id: str) -> None:
        """Take a right back, at once; one person is enough.

        Raises:
            RegistrationError: there is no such right, or somebody changed it meanwhile.
        """
        row = await self._right(municipality, right_id)
        changes = {"revoked_at": self._clock.now()}
        await self._change_right(municipality, row, "staff-right-revoke", changes)

    async def lock(self, municipality: str, staff_id: str) -> None:
        """Keep a member of staff out, at once, until somebody unlocks.

        Raises:
            RegistrationError: there is no such member.
        """
        row = await self._member(municipality, staff_id)
        await self._change_member(
            row, "staff-lock", {"disabled_at": self._clock.now()}, end_sessions=True
        )

    async def unlock(self, municipality: str, staff_id: str) -> None:
        """Let a member of staff in again, with the factors that they have.

        Raises:
            RegistrationError: there is no such member.
        """
        row = await self._member(municipality, staff_id)
        await self._change_member(
            row, "staff-unlock", {"disabled_at": None, "failures": 0, "locked_until": None}
        )

    async def reset(self, municipality: str, staff_id: str) -> NewMember:
        """Forget both factors and return a code for enrolling anew.

        All rights wait for a second person again: with the code alone nobody gets in anywhere.

        Raises:
            RegistrationError: there is no such member.
        """
        row = await self._member(municipality, staff_id)
        new = self._new(staff_id)
        values = {
            "password": None,
            "secret_version": None,
            "sealed_secret": None,
            "enrolment": enrolment_digest(new.code),
            "enrol_until": new.until,
            "failures": 0,
            "locked_until": None,
        }
        await self._change_member(
            row, "staff-reset", values, end_sessions=True, propose_rights_anew=self._actor
        )
        return new

    async def list(self, municipality: str) -> Sequence[tuple[StaffRow, Sequence[StaffRightRow]]]:
        """Return every member of staff with the rights that were not taken back."""
        members = await self._store.all(municipality)
        return [(row, await self._store.rights(row.staff_id)) for row in members]

    def _new(self, staff_id: str) -> NewMember:
        return NewMember(staff_id, new_enrolment_code(), self._clock.now() + ENROLMENT)

    async def _member(self, municipality: str, staff_id: str) -> StaffRow:
        row = await self._store.find(staff_id)
        if row is None or row.municipality != municipality:
            raise RegistrationError("この職員は登録されていません。", "There is no such member.")
        return row

    async def _right(self, municipality: str, right_id: str) -> StaffRightRow:
        row = await self._store.find_right(right_id)
        if row is not None and row.revoked_at is None:
            member = await self._store.find(row.staff_id)
            if member is not None and member.municipality == municipality:
                return row
        raise RegistrationError("この権利は見つかりません。", "There is no such right.")

    async def _add(
        self,
        rows: Sequence[StaffRow | StaffRightRow | ClientRow | StaffDeskRow],
        audit: AuditRecord,
    ) -> None:
        try:
            await self._store.add(rows, audit)
        except AlreadyThereError:
            raise RegistrationError(
                "同じ ID がすでに登録されています。", "The id is registered already."
            ) from None

    async def _change_member(
        self, row: StaffRow, function: str, values: Mapping[str, Any], **also: Any
    ) -> None:
        after = {**_facts(row), **_told(values)}
        audit = self._change(row.municipality, function, _facts(row), after)
        await self._store.change(row.staff_id, values, audit, **also)

    async def _change_right(
        self, municipality: str, row: StaffRightRow, function: str, values: Mapping[str, Any]
    ) -> None:
        after = {**_right_facts(row), **_told(values)}
        audit = self._change(municipality, function, _right_facts(row), after)
        if not await self._store.change_right(row, values, audit):
            raise RegistrationError(
                "ほかの人が先に変更しました。もう一度確かめてください。",
                "Somebody has changed it meanwhile; look again.",
            )

    def _change(
        self,
        municipality: str,
        function: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
    ) -> AuditRecord:
        return to_record(
            settings_entry(
                municipality,
                self._clock.now(),
                self._actor,
                function,
                before=before,
                after=after,
            )
        )


def _facts(row: StaffRow) -> dict[str, Any]:
    """Return what the audit record says of a member: no secret, no name."""
    return {
        "staff": row.staff_id,
        "enrolled": row.password is not None,
        "failures": row.failures,
        "locked_until": _text(row.locked_until),
        "disabled_at": _text(row.disabled_at),
    }


def _right_facts(row: StaffRightRow) -> dict[str, Any]:
    return {
        "right_id": row.right_id,
        "staff": row.staff_id,
        "right": row.name,
        "desk": row.client_id,
        "purpose": row.purpose_id,
        "proposed_by": row.proposed_by,
        "approved_by": row.approved_by,
    }


_TOLD: Final = frozenset(
    {"failures", "locked_until", "disabled_at", "approved_by", "approved_at", "revoked_at"}
)


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: _text(value) for name, value in values.items() if name in _TOLD}
    return told | ({"enrolled": False} if "password" in values else {})


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.datetime) else value
