"""First golden pairs out of the recorded answers, for a person to check and to complete.

What a draft expects is what the mapping makes today. It proves nothing until somebody who knows
the system has compared every line with its document.
"""

from __future__ import annotations

import copy
from typing import Any

import yaml

from adapters.conformance.golden import placed, told
from adapters.conformance.kit import Kit
from adapters.mapping.rows import ShapeError
from standard_models.answers import AbsenceReason, Value

HEAD = (
    "# 下書き。対応定義が今つくる値を写したものなので、仕様書と一行ずつ照らし合わせてから使う。\n"
    "# Draft: what the mapping makes today. Compare every line with the document of the system.\n"
)


async def draft_golden(kit: Kit) -> dict[str, str]:
    """Return drafts by file name, one for each group that somebody has a record of."""
    drafts: dict[str, str] = {}
    if kit.document is None or kit.plans is None:
        return drafts
    for raw in await _answers(kit):
        for ref, rule in kit.document.mapping.groups.items():
            name = f"{ref.partition('.')[2]}.yaml"
            if name in drafts or raw.get(rule.read) is None:
                continue
            found = _first(raw[rule.read], rule.records)
            if found is None:
                continue
            around, path, row = found
            answer = placed(around, path, row) if path else [row]
            try:
                converted = kit.plans.plan(ref).convert(answer)
            except ShapeError:
                continue
            if len(converted.records) != 1:
                continue
            expect = {
                item: _expected(found_answer)
                for item, found_answer in converted.records[0].answers.items()
                if getattr(found_answer, "reason", None) is not AbsenceReason.NOT_SUPPLIED
            }
            content: dict[str, Any] = {"group": ref}
            if path:
                content |= {"path": path, "around": around}
            content |= {"base": row, "cases": [{"name": "a plain record", "expect": expect}]}
            drafts[name] = HEAD + yaml.safe_dump(
                content, allow_unicode=True, sort_keys=False, width=100
            )
    return drafts


async def _answers(kit: Kit) -> list[dict[str, Any]]:
    """Return what was recorded, by read: of each person, or record by record of a file."""
    if not kit.over_files:
        return [await kit.raw_answers(person) for person in kit.people]
    delivered = await kit.delivered()
    return [{name: record} for name, records in delivered.items() for record in records]


def _expected(answer: Any) -> Any:
    whole = told(answer, {"label": None} if isinstance(answer, Value) and answer.label else {})
    if not whole["quality"]:
        del whole["quality"]
    if whole.get("label", "") is None:
        del whole["label"]
    return whole["value"] if whole.keys() == {"value"} else whole


def _first(answer: Any, records: str) -> tuple[dict[str, Any], str, dict[str, Any]] | None:
    """Return the answer without its records, where they stand, and the first of them."""
    if not records:
        rows = answer if isinstance(answer, list) else [answer] if answer else []
        return ({}, "", dict(rows[0])) if rows else None
    around = copy.deepcopy(answer)
    node, steps, path = around, records.split("."), list[str]()
    for step in steps[:-1]:
        node, path = node[step], [*path, step]
        if isinstance(node, list):
            if not node:
                return None
            del node[1:]
            node, path = node[0], [*path, "0"]
        if node is None:
            return None
    found = node.pop(steps[-1])
    row = found[0] if isinstance(found, list) and found else found
    return (around, ".".join([*path, steps[-1]]), dict(row)) if isinstance(row, dict) else None
