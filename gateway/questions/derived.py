"""Facts that are worked out from items: the right to them, what they need, what comes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.access import GrantedItems
from gateway.predicates import Predicate, Predicates
from gateway.predicates.rules import judged
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from standard_models.answers import Answer
from standard_models.values.three_valued import Judgement


def with_derived(granted: GrantedItems, predicates: Predicates) -> GrantedItems:
    """Return ``granted`` with the facts that follow from what is granted. Rule PL-5.

    Whoever may have every input may have the fact; whoever was granted the fact alone, by its own
    name, may not have the inputs. A fact needs the consent or login that one of its inputs needs.
    """
    named = granted.items
    following = predicates.from_inputs(named) - named
    return replace(
        granted,
        items=named | following,
        by_consent=granted.by_consent | (predicates.touching(granted.by_consent) & following),
        behind_login=granted.behind_login
        | (predicates.from_inputs(named | granted.behind_login) - named - following),
    )


def with_inputs(parts: Sequence[PlannedPart], predicates: Predicates) -> tuple[PlannedPart, ...]:
    """Return the parts that systems must be asked for: facts give way to what they are made of.

    The group of an input must be known to ``predicates``; its own item stands in the fact's part.
    """
    fields: dict[str, dict[str, None]] = {}
    groups = {}
    for part in parts:
        source = predicates.source_of(part.group.ref)
        if source is None:
            groups[part.group.ref] = part.group
            fields.setdefault(part.group.ref, {}).update(dict.fromkeys(part.fields))
            continue
        groups.setdefault(source, predicates.group(source))
        for name in part.fields:
            rule = _predicate(part, name, predicates).rule
            fields.setdefault(source, {}).update(dict.fromkeys(rule.inputs))
    return tuple(PlannedPart(groups[ref], tuple(names)) for ref, names in fields.items())


def as_planned(
    parts: Sequence[PlannedPart],
    found: Mapping[str, Part],
    predicates: Predicates,
    day: dt.date,
) -> tuple[Part, ...]:
    """Return a part for each of ``parts`` from what was ``found``, by group reference.

    Items that were read for the sake of a fact alone are left out. ``day`` is that in Tokyo.
    """
    made = []
    for planned in parts:
        source = predicates.source_of(planned.group.ref)
        if source is None:
            made.append(cut(found[planned.group.ref], planned))
        else:
            made.append(_worked_out(planned, found[source], predicates, day))
    return tuple(made)


def cut(part: Part, planned: PlannedPart) -> Part:
    """Return a part with what was planned alone, where more was read."""
    if part.planned.fields == planned.fields:
        return part

    def kept(answers: Mapping[str, Answer]) -> dict[str, Answer]:
        return {name: answers[name] for name in planned.fields if name in answers}

    records = [kept(record) for record in part.records]
    return replace(part, planned=planned, records=records, absences=kept(part.absences))


def _worked_out(planned: PlannedPart, source: Part, predicates: Predicates, day: dt.date) -> Part:
    rules = {name: _predicate(planned, name, predicates) for name in planned.fields}
    if source.status is PartStatus.OK and source.records:
        record = {name: _answer(predicate, source, day) for name, predicate in rules.items()}
        return replace(source, planned=planned, records=(record,), absences={}, lost_records=0)
    unknown_is_no = not source.lost_records and all(
        predicate.no_without_record for predicate in rules.values()
    )
    if source.status in {PartStatus.OK, PartStatus.NOT_FOUND} and unknown_is_no:
        record = dict.fromkeys(planned.fields, judged(Judgement.NO))
        return replace(
            source, planned=planned, status=PartStatus.OK, records=(record,), absences={}
        )
    return Part.without_records(
        planned,
        source.status,
        provenance=source.provenance,
        opens_at=source.opens_at,
        lost_records=source.lost_records,
    )


def _answer(predicate: Predicate, source: Part, day: dt.date) -> Answer:
    """Return the fact; that a record was lost on the way keeps a *no* from being said."""
    answer = predicate.rule.answer(source.records, day)
    if source.lost_records and answer == judged(Judgement.NO):
        return judged(Judgement.UNDECIDABLE)
    return answer


def _predicate(part: PlannedPart, name: str, predicates: Predicates) -> Predicate:
    found = predicates.find(f"{part.group.ref}.{name}")
    if found is None:
        raise LookupError(part.group.ref)
    return found
