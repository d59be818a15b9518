"""Reading a group over the linkage face: one question to the engine, in the shape of the nation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.access import Access, AccessService
from gateway.access.registration import REMOVED_RECORDS
from gateway.linkage.parameters import Parameters
from gateway.linkage.service import Calling
from gateway.linkage.shape import FOUND, Refused
from gateway.problems import Problem
from gateway.questions.parts import PartStatus
from gateway.questions.relation_schemas import Include
from gateway.questions.schemas import Question
from gateway.questions.service import QuestionService
from gateway.subjects import SubjectService
from standard_models.answers import Answer, Value
from standard_models.dictionary import DataItem, Group

_NOBODY: Final = "unknown"
"""A handle of nobody: the engine refuses and records it like every other one."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer says: its message and its records."""

    detail: str
    result: Sequence[Mapping[str, Any]]


class GroupCalls:
    """Answers ``{業務ID}:app_submit/v10/{group}:Read`` through the question engine."""

    def __init__(
        self, questions: QuestionService, access: AccessService, subjects: SubjectService
    ) -> None:
        self._questions = questions
        self._access = access
        self._subjects = subjects

    async def read(self, calling: Calling, group: Group, asked: Mapping[str, str]) -> Found:
        """Return the records of the person with the system's own number; none of nobody.

        Every item that the system's grants hold comes, in the order of the list. One without a
        value is null, and ``_absent`` says why.

        Raises:
            Refused: 401 without a grant, 503 while the answer cannot be known.

        """
        number = asked["atenabango"]
        subject = await self._subjects.find_by_number(
            calling.municipality, calling.numbering, number
        )
        handle = _NOBODY
        if subject is not None:
            handle = self._subjects.handle_for(
                calling.municipality, calling.client_id, subject.subject_id
            )
        try:
            records = await self._ask(calling, group, handle)
        except Problem as problem:
            if problem.type.slug == "unknown-subject":
                return Found(FOUND, ())
            raise Refused(401 if _is_not_allowed(problem) else 503) from None
        person = {"shikuchosonkodo": calling.municipality, "atenabango": number}
        return Found(FOUND, [{**person, **rendered(record)} for record in records])

    async def _ask(
        self, calling: Calling, group: Group, handle: str
    ) -> Sequence[Mapping[str, Answer]]:
        with self._questions.place():
            items, removed = await self._items(calling, group)
            question = Question(
                subject=handle,
                purpose=calling.purpose,
                items=items,
                include=(Include.REMOVED,) if removed else (),
                receipt=False,
            )
            access = Access(calling.client_id, calling.municipality, calling.purpose, "linkage", "")
            answer = await self._questions.ask(access, question, calling.caller)
        part = answer.parts[0]
        if part.status is PartStatus.NOT_FOUND:
            return ()
        if part.status is not PartStatus.OK:
            raise Refused(503)
        return part.records

    async def _items(self, calling: Calling, group: Group) -> tuple[tuple[str, ...], bool]:
        """Return what is granted of the group, and whether removed entries are.

        All of it, to be refused, where nothing is.
        """
        everything = tuple(item.ref for item in group.items)
        try:
            granted = await self._access.grants_for(
                calling.municipality, calling.client_id, calling.purpose
            )
        except Problem:
            return everything, False
        items = tuple(ref for ref in everything if ref in granted.items) or everything
        return items, REMOVED_RECORDS in granted.items


def _is_not_allowed(problem: Problem) -> bool:
    """Return whether it is the caller's rights that are missing, whatever the reason."""
    return problem.type.status == 403 or problem.type.slug == "unknown-purpose"


def group_parameters(numbering: Parameters, body: object, municipality: str) -> dict[str, str]:
    """Return the parameters of a read about one person.

    Raises:
        Refused: 400, with everything that is wrong.

    """
    found, wrong = numbering.check(body)
    if found.get("shikuchosonkodo", municipality) != municipality:
        wrong.append(numbering.wrong("shikuchosonkodo", "登録された団体のコード"))
    if wrong:
        raise Refused(400, wrong)
    return found


def rendered(record: Mapping[str, Answer]) -> dict[str, Any]:
    """Return the values of a record by their romaji names, and why others have none."""
    values = {f: a.value if isinstance(a, Value) else None for f, a in record.items()}
    absent = {f: a.reason.value for f, a in record.items() if not isinstance(a, Value)}
    return {**values, "_absent": absent} if absent else values


def chosen(items: Sequence[DataItem], names: Sequence[str]) -> list[DataItem]:
    """Return the items of these romaji names, in the order of the list."""
    return [item for item in items if item.field_name in names]
