"""The calls of 031: 付番 as specified, and 照会 and 履歴照会 of what is registered.

Source: 住登外者宛名番号付番 API仕様 2.0; 共通機能標準仕様書 2.1, 機能ID 0310003 to 0310007.
The specification of the two reads is not published with it: their calls keep its shape.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from adapters.contract import Clock
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.linkage.group_calls import Found, chosen, group_parameters, rendered
from gateway.linkage.parameters import Parameters
from gateway.linkage.service import Calling
from gateway.linkage.shape import FOUND, REGISTERED, CallError, Refused
from gateway.my_numbers import NumbersUnavailable
from gateway.numbers import (
    NoSeriesLeft,
    NumberedPerson,
    NumberRefused,
    NumberService,
    Version,
)
from gateway.protection import ProtectionService, ProtectionStatus, withhold
from standard_models.answers import Absence, AbsenceReason, Answer, Value
from standard_models.dictionary import Dictionary, Edition

BUSINESS: Final = "031"
EDITION: Final = "official-api-2.0"
REGISTER: Final = "app_submit/v10/jutogaishaatenabangofuban"
LOOK_UP: Final = "app_submit/v10/jutogaishaatenakihonjohosyokai"
HISTORY: Final = "app_submit/v10/jutogaishaatenarirekisyokai"
SCOPES: Final[Mapping[str, str]] = {
    REGISTER: f"{BUSINESS}:{REGISTER}:Create",
    LOOK_UP: f"{BUSINESS}:{LOOK_UP}:Read",
    HISTORY: f"{BUSINESS}:{HISTORY}:Read",
}
TITLES: Final[Mapping[str, str]] = {
    REGISTER: "住登外者宛名番号付番",
    LOOK_UP: "住登外者宛名基本情報照会",
    HISTORY: "住登外者宛名履歴照会",
}
_WANTED: Final = (
    "shimei",
    "shimei_gaikokujinromaji",
    "shimei_gaikokujinkanji",
    "tsusho",
    "seibetsu",
    "seinengappi",
    "jusho_shikuchosonkodo",
    "jusho_choaza",
    "jusho_banchigohyoki",
)
"""The four basic facts (氏名, 生年月日, 性別, 住所) by which a person is looked for."""
_INDEXED: Final = frozenset(
    {"shimei", "shimei_gaikokujinromaji", "shimei_gaikokujinkanji", "tsusho", "seinengappi"}
)
_SHOWN: Final = (
    *_WANTED,
    "shimei_furigana",
    "seinengappi_fushofuragu",
    "seinengappi_fushohyoki",
    "jusho_todofuken",
    "jusho_shikugunchosonmei",
    "jusho_choazakodo",
    "jusho_katagaki",
    "jusho_yubinbango",
    "nayosemotofuragu",
    "nayosesakiatenabango",
    "tagyomusanshofukafuragu",
)
"""What a look-up shows; never 個人番号."""
_OPERATION: Final = ("sosashaid", "sosanengappi", "sosajikoku")


RequireQuota: TypeAlias = Callable[[Calling, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A version that was found, whose it is, and what may leave of it."""

    version: Version
    person: NumberedPerson
    status: ProtectionStatus
    record: Mapping[str, Answer]


class NumberCalls:
    """Answers the calls of 031.

    Raises:
        LookupError: the installation lacks the edition of the specification.

    """

    def __init__(
        self,
        numbers: NumberService,
        protection: ProtectionService,
        audit: AuditLog,
        dictionary: Dictionary,
        *,
        clock: Clock,
    ) -> None:
        self._numbers = numbers
        self._protection = protection
        self._audit = audit
        self._clock = clock
        edition = number_edition(dictionary)
        self._group = edition.groups[0]
        items, api = self._group.items, edition.api
        if api is None:
            raise LookupError(EDITION)
        town = frozenset({"shikuchosonkodo"})
        one = ("shikuchosonkodo", "atenabango")
        self._parameters = {
            REGISTER: Parameters(items, api),
            LOOK_UP: Parameters(chosen(items, (*one, *_WANTED)), api, town),
            HISTORY: Parameters(chosen(items, one), api, frozenset(one)),
        }

    @property
    def one_person(self) -> Parameters:
        """Return the parameters of a call about one person: municipality and number."""
        return self._parameters[HISTORY]

    async def answer(
        self, calling: Calling, call: str, body: object, require_quota: RequireQuota
    ) -> Found:
        """Return what the call found or did.

        Args:
            calling: the system.
            call: what it calls.
            body: what it says.
            require_quota: counts a call about the person of a number; what it refuses it records.

        Raises:
            Refused: 400 with every error; 503 when no number can be issued, and of the quota.

        """
        parameters = self._parameters[call]
        asked: dict[str, str] = {}
        try:
            asked = group_parameters(parameters, body, calling.municipality)
        except Refused as refused:
            await self._record_refusal(calling, call, asked, refused)
            raise
        if "atenabango" in asked:
            await require_quota(calling, asked["atenabango"])
        try:
            if call == REGISTER:
                return await self._register(calling, asked, parameters)
            if call == HISTORY:
                return await self._history(calling, asked)
            return await self._look_up(calling, asked, parameters)
        except Refused as refused:
            await self._record_refusal(calling, call, asked, refused)
            raise

    async def _record_refusal(
        self, calling: Calling, call: str, asked: Mapping[str, str], refused: Refused
    ) -> None:
        codes = ",".join(error.code for error in refused.errors) or str(refused.status)
        await self._audit.append(self._entry(calling, call, asked, "refused", codes))

    async def _register(
        self, calling: Calling, asked: Mapping[str, str], parameters: Parameters
    ) -> Found:
        entry = self._entry(calling, REGISTER, asked, "registered")
        try:
            made = await self._numbers.register(entry, calling.business, asked)
        except NumberRefused as refused:
            error = parameters.wrong(refused.field, "付番済みの番号")
            raise Refused(400, [error]) from None
        except (NoSeriesLeft, NumbersUnavailable):
            raise Refused(503) from None
        return Found(REGISTERED, [_operation(calling, made)])

    async def _history(self, calling: Calling, asked: Mapping[str, str]) -> Found:
        found = await self._numbers.history(
            calling.municipality, calling.business, asked["atenabango"]
        )
        return await self._shown(calling, HISTORY, asked, found)

    async def _look_up(
        self, calling: Calling, asked: Mapping[str, str], parameters: Parameters
    ) -> Found:
        wanted = {field: text for field, text in asked.items() if field in _WANTED}
        if "atenabango" in asked:
            one = await self._numbers.find(
                calling.municipality, calling.business, asked["atenabango"]
            )
            return await self._shown(calling, LOOK_UP, asked, [one] if one else [])
        if not _INDEXED & wanted.keys() or len(wanted) < 2:
            raise Refused(400, _too_little(parameters, wanted))
        by_address = not self._group.address_class.isdisjoint(wanted)
        if by_address and await self._is_unknown(calling):
            # Who may be found by an address is not known of anybody (DV-3).
            raise Refused(503)
        found = await self._numbers.search(calling.municipality, calling.business, wanted)
        if found is None:
            other = "seinengappi" if "seinengappi" not in wanted else "shimei"
            raise Refused(400, [parameters.needs(next(iter(wanted)), other)])
        return await self._shown(calling, LOOK_UP, asked, found, by_address=by_address)

    async def _is_unknown(self, calling: Calling) -> bool:
        status = await self._protection.status(calling.municipality, {})
        return status is ProtectionStatus.UNKNOWN

    async def _shown(
        self,
        calling: Calling,
        call: str,
        asked: Mapping[str, str],
        found: Sequence[Version],
        *,
        by_address: bool = False,
    ) -> Found:
        """Return the versions as they may leave, each person's record made durable before.

        With ``by_address`` nobody is found whom a measure protects: to be found where one is
        looked for would confirm the place (DV-11).
        """
        seen = [await self._seen(calling, version) for version in found]
        shown = [one for one in seen if one.status is ProtectionStatus.CLEAR or not by_address]
        people = list(dict.fromkeys(one.version.number for one in seen))
        for number in people:
            of_person = [one for one in seen if one.version.number == number]
            leaving = [one for one in of_person if one in shown]
            outcome = "complete" if leaving else "not-shown"
            await self._audit.append(
                self._entry(
                    calling,
                    call,
                    asked,
                    outcome,
                    seen=leaving,
                    key=self._key(calling, of_person[0]),
                )
            )
        if not people:
            await self._audit.append(self._entry(calling, call, asked, "none"))
        return Found(
            FOUND, [{**_operation(calling, o.version), **rendered(o.record)} for o in shown]
        )

    async def _seen(self, calling: Calling, version: Version) -> _Seen:
        """Return a version with what protection withholds of it, by every number of the person."""
        record: dict[str, Answer] = {
            field: Value(version.content[field])
            if field in version.content
            else Absence(AbsenceReason.NOT_RECORDED)
            for field in _SHOWN
        }
        town = calling.municipality
        person = await self._numbers.person(town, calling.numbering, version)
        status = await self._protection.status(town, person.numbers)
        if status is ProtectionStatus.PROTECTED:
            hidden = self._group.address_class.intersection(record)
            self._protection.withheld(town, len(hidden))
        safe = withhold(record, self._group.address_class, status)
        return _Seen(version, person, status, safe)

    def _key(self, calling: Calling, seen: _Seen) -> str:
        """Return the pseudonym of a person: the one of all systems where they are linked."""
        subject = seen.person.subject_id or f"number:{seen.version.number}"
        return self._audit.pseudonym(calling.municipality, subject)

    def _entry(
        self,
        calling: Calling,
        call: str,
        asked: Mapping[str, str],
        outcome: str,
        problem: str | None = None,
        *,
        key: str | None = None,
        seen: Sequence[_Seen] = (),
    ) -> AuditEntry:
        delivered = {
            field
            for one in seen
            for field, answer in one.record.items()
            if isinstance(answer, Value)
        }
        return AuditEntry(
            municipality=calling.municipality,
            at=self._clock.now(),
            kind=AuditKind.OPERATION,
            outcome=outcome,
            trace_id=calling.caller.trace_id,
            terminal=calling.caller.terminal,
            client_id=calling.client_id,
            purpose=calling.purpose,
            subject_key=key,
            items_asked=tuple(i.item_id for i in self._group.items if i.field_name in asked),
            items_delivered=tuple(
                i.item_id for i in self._group.items if i.field_name in delivered
            ),
            problem=problem,
            my_number="kojinbango" in asked,
            function=call.rpartition("/")[2][:40],
        )


def number_edition(dictionary: Dictionary) -> Edition:
    """Return the edition that specifies the call of 付番.

    Raises:
        LookupError: it is not installed.

    """
    edition = dictionary.find_edition(BUSINESS, EDITION)
    if edition is None:
        raise LookupError(EDITION)
    return edition


def _operation(calling: Calling, version: Version) -> dict[str, Any]:
    return {
        "shikuchosonkodo": calling.municipality,
        "atenabango": version.number,
        "rirekibango": version.version,
        **{field: version.content[field] for field in _OPERATION},
    }


def _too_little(parameters: Parameters, wanted: Mapping[str, str]) -> list[CallError]:
    """Return that a number, or more about the person, is needed."""
    if not wanted:
        return [parameters.missing("atenabango")]
    other = "shimei" if "seinengappi" in wanted else "seinengappi"
    return [parameters.needs(next(iter(wanted)), other)]
