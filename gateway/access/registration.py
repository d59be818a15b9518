"""What may be registered: ids, texts, keys, items. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.access.grants import Relation
from gateway.access.jose import KeyRefused, check_jwks
from gateway.access.logins import LoginLevel, LoginRule
from gateway.errors import ExplainedError
from gateway.households import household_bases
from gateway.predicates.predicates import BUSINESS as JUDGEMENTS
from standard_models.dictionary import DataItem, Dictionary, Group

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,62}[a-z0-9]")
_ISSUER: Final = re.compile(r"https://[^\s?#]{1,192}")
DEFAULT_LOGIN_AGE_S: Final = 300
MAX_LOGIN_AGE_S: Final = 86_400
_MUNICIPALITY: Final = re.compile(r"[0-9]{6}")
_PERSON_NUMBER_NAMES: Final = ("宛名番号", "世帯番号", "住民票コード", "基礎年金番号")
_PROTECTION: Final = re.compile("支援措置|加害者|暴力|抑止|不開示")
"""Items that tell, in whatever business, that somebody is protected (DV-8)."""
_MY_NUMBER_NAMES: Final = ("個人番号", "マイナンバー", "kojimbango", "kojinbango", "mynumber")


class RegistrationError(ExplainedError):
    """A registration is refused; the texts say why and what to do instead."""


OWN_ACCESSES: Final = "right:own-accesses"
"""Lets a consumer show a resident who asked about them; not of protected persons."""
OWN_ACCESSES_AT_COUNTER: Final = "right:own-accesses-at-counter"
"""The same where staff have made sure who stands before them: of protected persons as well."""
MATCH_SUBJECTS: Final = "right:match-subjects"
"""Lets a consumer find a person by 基本4情報; a right to these items is none to search by them."""
MATCH_BY_NUMBER: Final = "right:match-by-number"
"""Lets a consumer find a person by My Number, for a purpose of the law's list alone (MN-5)."""
REMOVED_RECORDS: Final = "right:removed-records"
"""Lets a question ask for 除票 (``include``); without it they are as if they were not there."""
PUSH_FLAGS: Final = "right:push-protection-flags"
"""Lets a system of officers tell of protective measures; it can protect, and never end."""
REPORT_DELIVERIES: Final = "right:report-deliveries"
"""Lets a counter system report who obtained certificates of whom, for notices to those people."""
RIGHTS: Final = frozenset(
    {
        *(OWN_ACCESSES, OWN_ACCESSES_AT_COUNTER, MATCH_SUBJECTS, MATCH_BY_NUMBER),
        *(REMOVED_RECORDS, PUSH_FLAGS, REPORT_DELIVERIES),
    }
)
"""What can be granted beside items. None of them can be asked for in a question."""


def expand_items(references: Iterable[str], dictionary: Dictionary) -> list[str]:
    """Return the item references that ``references`` of items and groups stand for, sorted.

    Members of ``RIGHTS`` stand for themselves.

    A group stands for its items without the numbers of persons and households: a consumer knows
    people by its own handles only, so that two consumers cannot join what they hold. Nor does it
    stand for items that tell of protection.

    Raises:
        RegistrationError: an unknown reference, a wildcard, nothing at all, the number of a
            person or household named as an item, a register of protection or an item that tells
            of it, or My Number: the gateway has no legal basis to release it, whatever the purpose.

    """
    named = list(references)
    rights = RIGHTS.intersection(named)
    found: dict[str, DataItem] = {}
    for reference in named:
        if reference in rights:
            continue
        group = dictionary.find_group(reference)
        item = dictionary.find_item(reference)
        if group is None and item is None:
            raise RegistrationError(
                f"項目・グループ「{reference}」はありません。ワイルドカードは使えません。",
                f"There is no item or group {reference!r}; wildcards are not accepted.",
            )
        if group is not None:
            _refuse_protection_register(group)
            _refuse_all_judgements(group)
        if item is not None:
            _refuse_protection_register(dictionary.group_of(item))
            _refuse_person_number(item)
            _refuse_protection_item(item)
            found[item.ref] = item
        for member in group.items if group is not None else ():
            if not (is_person_number(member) or tells_of_protection(member)):
                found[member.ref] = member
    if not found and not rights:
        raise RegistrationError("項目がひとつもありません。", "No item was named.")
    if numbers := [reference for reference, item in found.items() if is_my_number(item)]:
        listed = "、".join(numbers)
        raise RegistrationError(
            f"個人番号（マイナンバー）は許可できません：{listed}。グループではなく、ほかの項目を一つずつ"
            "書いてください。",
            f"My Number cannot be granted: {listed}. Name the other items of the group one by one.",
        )
    return sorted([*found, *rights])


def _refuse_protection_register(group: Group) -> None:
    """Refuse what tells that a person is protected: that is itself secret."""
    if group.protection_register:
        raise RegistrationError(
            f"「{group.ref}」は支援措置・抑止などの記録なので許可できません。",
            f"{group.ref} is a register of protection and cannot be granted.",
        )


def tells_of_protection(item: DataItem) -> bool:
    """Return whether ``item`` tells, beside others in its group, that the person is protected.

    Whoever flees from violence is marked so in lists of benefits, certificates and 宛名.
    """
    return _PROTECTION.search(item.name) is not None


def _refuse_protection_item(item: DataItem) -> None:
    if tells_of_protection(item):
        raise RegistrationError(
            f"「{item.ref}」は支援措置などがあることを示すので許可できません。",
            f"{item.ref} tells that a person is protected and cannot be granted.",
        )


def _refuse_all_judgements(group: Group) -> None:
    """Refuse facts that are not named one by one: each tells something else of a person."""
    if group.business_id == JUDGEMENTS:
        raise RegistrationError(
            f"判定項目は一つずつ指定してください（「{group.ref}」はグループです）。",
            f"Facts that are worked out are granted one by one; {group.ref} is a group.",
        )


def is_person_number(item: DataItem) -> bool:
    """Return whether ``item`` holds the number of a person or household.

    Source: for record codes, Resident Register Act, article 30-37; for pension numbers, National
    Pension Act, article 108-4: neither may be asked for outside its own administration.
    """
    return any(name in item.name for name in _PERSON_NUMBER_NAMES)


def _refuse_person_number(item: DataItem) -> None:
    if is_person_number(item):
        raise RegistrationError(
            f"「{item.ref}」は人や世帯の番号なので許可できません。連携先はハンドルで人を区別します。",
            f"{item.ref} is the number of a person or household and cannot be granted; "
            "consumers tell people apart by their handles.",
        )


def is_my_number(item: DataItem) -> bool:
    """Return whether ``item`` holds a My Number.

    Source: Act on the Use of Numbers to Identify a Specific Individual, articles 9 and 19.
    """
    names = item.name + item.field_name.lower()
    return any(name in names for name in _MY_NUMBER_NAMES)


def checked_keys(jwks: object) -> dict[str, list[dict[str, Any]]]:
    """Return the public keys of a JWK Set.

    Raises:
        RegistrationError: they cannot be registered.

    """
    try:
        return check_jwks(jwks)
    except KeyRefused as refusal:
        raise RegistrationError(
            f"公開鍵（JWK Set）を登録できません：{refusal}",
            f"The public keys (JWK Set) cannot be registered: {refusal}",
        ) from None


def require_id(text: str) -> None:
    """Do nothing if ``text`` may be the id of a client or purpose.

    Raises:
        RegistrationError: it may not.

    """
    if not _ID.fullmatch(text):
        raise RegistrationError(
            "ID は半角の英小文字・数字・ハイフンで 3〜64 文字にしてください。",
            "An id has 3 to 64 lower-case letters, digits and hyphens.",
        )


def checked_issuer(text: str) -> str:
    """Return the address under which a provider signs.

    Raises:
        RegistrationError: it is no https address, or longer than 200 characters.

    """
    if not _ISSUER.fullmatch(text):
        raise RegistrationError(
            "発行者（iss）は https:// で始まる 200 文字以内の URL にしてください。",
            "The issuer (iss) is an https URL of 200 characters at most.",
        )
    return text


def checked_levels(levels: Mapping[str, int]) -> dict[str, int]:
    """Return which value of ``acr`` means which level of login.

    Raises:
        RegistrationError: none at all, or a level that there is not.

    """
    known = {int(level) for level in LoginLevel}
    if not levels or not all(acr and level in known for acr, level in levels.items()):
        raise RegistrationError(
            "acr の値と水準（1〜3）の組が一つ以上必要です。",
            "At least one pair of a value of acr and a level (1 to 3) is needed.",
        )
    return dict(levels)


def checked_login(level: int | None, max_age_s: int | None) -> LoginRule | None:
    """Return what a grant asks of the citizen's login; five minutes where no age is said.

    Raises:
        RegistrationError: an age without a level, or one out of bounds.

    """
    if level is None and max_age_s is None:
        return None
    seconds = DEFAULT_LOGIN_AGE_S if max_age_s is None else max_age_s
    if level not in {int(known) for known in LoginLevel} or not 0 < seconds <= MAX_LOGIN_AGE_S:
        raise RegistrationError(
            f"ログインの水準（1〜3）と、経過秒数（1〜{MAX_LOGIN_AGE_S}）を指定してください。",
            f"A level of login (1 to 3) and an age of 1 to {MAX_LOGIN_AGE_S} seconds are needed.",
        )
    return LoginRule(LoginLevel(level), dt.timedelta(seconds=seconds))


def checked_bases(relation: Relation, bases: Iterable[str]) -> list[str]:
    """Return the bases of a grant: one at least for a household, none for the person alone.

    Raises:
        RegistrationError: none, too many, or one that there is not.

    """
    named, known = sorted(set(bases)), household_bases().by_id
    if unknown := [basis for basis in named if basis not in known]:
        raise RegistrationError(
            f"世帯の基礎「{unknown[0]}」はありません。あるのは {'、'.join(known)} です。",
            f"There is no basis {unknown[0]!r} of households; there are {', '.join(known)}.",
        )
    if (relation is Relation.HOUSEHOLD) != bool(named):
        raise RegistrationError(
            "世帯（--relation household）の許可には、世帯の基礎（--basis）が一つ以上必要です。"
            "本人だけの許可には付けられません。",
            "A grant of households (--relation household) needs at least one basis (--basis); a "
            "grant of the person alone has none.",
        )
    return named


def require_municipality(text: str) -> None:
    """Do nothing if ``text`` has the shape of a 6-digit 団体コード.

    Raises:
        RegistrationError: it has not.

    """
    if not _MUNICIPALITY.fullmatch(text):
        raise RegistrationError(
            "団体コードは 6 桁の数字です。", "A municipality code has 6 digits."
        )


def checked_text(text: str, *, limit: int = 200) -> str:
    """Return ``text`` without blanks around it.

    Raises:
        RegistrationError: empty, or longer than ``limit`` characters.

    """
    stripped = text.strip()
    if not 1 <= len(stripped) <= limit:
        raise RegistrationError(
            f"1〜{limit} 文字の文字列が必要です。", f"A text of 1 to {limit} characters is needed."
        )
    return stripped
