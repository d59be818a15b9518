"""What ``hitotsu mapping preview`` and ``coverage`` print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from adapters.files.fixed import Record
from adapters.files.records import SINGLE, FileRecord
from adapters.files.typed_records import Piece
from adapters.mapping.coverage import Coverage, GroupCoverage
from adapters.mapping.row_plan import RowPlans
from adapters.mapping.rows import ShapeError
from gateway.cli.session import fail, new_table, out, say
from standard_models.answers import Value

_RAW_SHOWN = 48


def print_record(found: FileRecord, places: dict[str, dict[str, tuple[int, int]]]) -> None:
    """Print the records of an answer, field by field with their bytes, and what was seen."""
    pieces = found.pieces
    if not pieces and found.count:
        pieces = (Piece(found.number, SINGLE, found.raw, found.record),)
    for piece in pieces:
        say(
            f"―― {piece.number} {piece.type}",
            f"record {piece.number} {piece.type}, {len(piece.raw)} bytes".replace(" ,", ","),
        )
        if piece.record is not None:
            _print_fields(piece.raw, piece.record, places.get(piece.type, {}))
    for finding in found.findings:
        quality = finding.quality
        out().print(
            f"{quality.severity.value} {quality.code} {finding.path} "
            f"(byte {finding.byte}) {json.dumps(dict(quality.params))}",
            markup=False,
        )


def _print_fields(raw: bytes, record: Record, places: dict[str, tuple[int, int]]) -> None:
    table = new_table("欄 / Field", "バイト / Bytes", "内容 / Content")
    for path, content in _flat("", record):
        place = places.get(path)
        own = raw[place[0] : place[0] + place[1]].hex(" ") if place else ""
        shown = own if len(own) <= _RAW_SHOWN else own[:_RAW_SHOWN] + " …"
        table.add_row(path, shown, "" if content is None else str(content))
    out().print(table)


def _flat(path: str, record: Record) -> Iterator[tuple[str, Any]]:
    for name, content in record.items():
        several = isinstance(content, list)
        for number, one in enumerate(content if several else [content], start=1):
            own = f"{path}{name}" + (f"[{number}]" if several else "")
            if isinstance(one, dict):
                yield from _flat(f"{own}.", one)
            else:
                yield own, one


def print_standard(plans: RowPlans, ref: str, record: Record) -> None:
    """Print the standard records of a group that an answer becomes."""
    try:
        converted = plans.plan(ref).convert(record)
    except ShapeError as error:
        fail(f"{ref}：{error}", f"{ref}: {error}")
    for standard in converted.records:
        table = new_table(ref, "値 / Value", "理由 / Absent", "品質 / Quality")
        for name, answer in standard.answers.items():
            quality = ", ".join(f"{q.code} {q.severity.value}" for q in answer.quality)
            if isinstance(answer, Value):
                label = f"（{answer.label}）" if answer.label else ""
                table.add_row(name, f"{answer.value}{label}", "", quality)
            else:
                text = answer.uncertain.text if answer.uncertain else ""
                table.add_row(name, text, answer.reason.value, quality)
        out().print(table)
    if converted.lost:
        say(f"{ref}：本人の番号が空の記録 {converted.lost}", f"{ref}: {converted.lost} name nobody")


def print_coverage(report: Coverage) -> None:
    """Print the counts of a file: records, groups with items and codes, source fields."""
    damaged = sum(report.damaged.values())
    say(
        f"読んだ記録 {report.read}、壊れた記録 {damaged}",
        f"{report.read} records read, {damaged} damaged",
    )
    if report.control or report.answers != report.read - damaged:
        say(
            f"見出しと末尾の記録 {report.control}、まとめた回答 {report.answers}",
            f"{report.control} headers and trailers, {report.answers} answers",
        )
    for quality in report.control_findings:
        params = json.dumps(dict(quality.params))
        out().print(f"  {quality.severity.value} {quality.code} {params}", markup=False)
    for code, count in (report.damaged + report.findings).most_common():
        out().print(f"  {code}: {count}", markup=False)
    for ref, group in report.groups.items():
        _print_group(ref, group)
    table = new_table("元の欄 / Source field", "内容あり / Filled", "使う項目 / Used by")
    for path, filled in report.columns.items():
        table.add_row(path, str(filled), ", ".join(report.used.get(path, ())) or "―")
    out().print(table)


def _print_group(ref: str, group: GroupCoverage) -> None:
    say(
        f"{ref} {group.group.name}：{group.records} 件、本人の番号なし {group.nobody} 件",
        f"{ref}: {group.records} records, {group.nobody} name nobody",
    )
    table = new_table("項目 / Item", "由来 / Origin", "結果 / Outcomes", "品質 / Quality")
    for name, item in group.items.items():
        outcomes = ", ".join(f"{o} {n}" for o, n in item.outcomes.most_common())
        quality = ", ".join(f"{code} {n}" for code, n in item.quality.most_common())
        table.add_row(f"{name} {item.item.name}", item.origin, outcomes, quality)
    out().print(table)
    for name, counted in group.codes.items():
        codes = new_table(
            f"コード表 / Codes: {name}", "件数 / Count", "標準 / Standard", "根拠 / Clause"
        )
        clauses = group.clauses.get(name, {})
        for (value, mapped), count in counted.most_common():
            mark = "○" if mapped else "なし / none"
            codes.add_row(value, str(count), mark, clauses.get(value, ""))
        out().print(codes)
