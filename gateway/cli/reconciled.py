"""What a reconciliation found: for its owner in a file, for everybody else in figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from gateway.cli.session import new_table, out
from gateway.cli.whole_files import whole_files
from gateway.comparison import Code, Columns, Difference, Finding, Kind
from gateway.reconciliation import GroupReport, Report
from gateway.spreadsheets import csv_line, csv_of
from standard_models.dictionary import Dictionary

KINDS: Final = {
    Kind.ONLY_LEFT: ("左だけ", "left only"),
    Kind.ONLY_RIGHT: ("右だけ", "right only"),
    Kind.CHANGED: ("内容が違う", "changed"),
    Kind.SWAPPED: ("二件が入れ替わっている", "swapped"),
    Kind.REPEATED: ("回数が違う", "repeated"),
}
CODES: Final = {
    Code.COUNT_DIFFERS: ("接続先が述べる件数と合わない", "not the stated number of records"),
    Code.TOTAL_DIFFERS: ("接続先が述べる合計と合わない", "not the stated sum"),
    Code.RECORDS_CHANGED: ("件数が前と大きく違う", "the number of records is not as before"),
    Code.RECORDS_LOST: ("変換できない記録の数が違う", "another number of records was lost"),
    Code.ABSENCES_CHANGED: ("値がない割合が前と違う", "the share of absences is not as before"),
    Code.TOTAL_CHANGED: ("合計が前と大きく違う", "the sum is not as before"),
    Code.SHAPE_CHANGED: ("値の形が前と違う", "values do not look as before"),
    Code.ITEMS_SWAPPED: ("二つの項目が入れ替わっている疑い", "two items seem to be swapped"),
    Code.TOTALS_UNEQUAL: ("合計が左右で違う", "the sums of the two sides are not equal"),
    Code.ABSENCES_UNEQUAL: ("値がない数が左右で違う", "absences of the two sides are not equal"),
    Code.ONE_SIDE_ONLY: ("片方だけにある項目", "items of one side alone"),
}
COLUMNS: Final = (
    "違い", "グループ", "番号", "主キー", "値の違う項目", "有無の違う項目",
    "世帯（左）", "世帯員（左）", "世帯（右）", "世帯員（右）", "入れ替わった相手", "前", "後",
)  # fmt: skip

Write = Callable[[str, Columns, Difference], None]


@contextmanager
def written(
    path: Path | None, dictionary: Dictionary
) -> Iterator[tuple[Write | None, Callable[[Report], None]]]:
    """Write rows that differ, by their keys and without any value, for their owner alone."""
    if path is None:
        yield None, lambda _report: None
        return
    with whole_files(path) as (file,):
        yield _writers(file, dictionary)


def _writers(file: BinaryIO, dictionary: Dictionary) -> tuple[Write, Callable[[Report], None]]:
    file.write(csv_of(COLUMNS, ()))

    def write(ref: str, columns: Columns, row: Difference) -> None:
        number, key = columns.key_of(row.key)
        other = columns.key_of(row.other)[0] if row.other is not None else ""
        households = [*(row.households or (None, None))]
        file.write(
            csv_line(
                [
                    KINDS[row.kind][0],
                    ref,
                    number,
                    " ".join(f"{name}={_plain(said)}" for name, said in key.items()),
                    _named(ref, row.values, dictionary),
                    _named(ref, row.absences, dictionary),
                    *(said for one in households for said in (one or ("", ""))),
                    other,
                    "",
                    "",
                ]
            )
        )

    def write_findings(report: Report) -> None:
        for one in report.groups:
            for found in one.findings:
                items = _named(one.group, found.items, dictionary)
                empty, figures = [""] * 6, (found.before, found.after)
                file.write(
                    csv_line([CODES[found.code][0], one.group, "", "", items, *empty, *figures])
                )

    return write, write_findings


def show(report: Report, dictionary: Dictionary) -> None:
    """Print counts and items; no number, no sum: a log keeps what is printed."""
    table = new_table(
        "グループ / Group", "左 / Left", "右 / Right", "左だけ / Left only",
        "右だけ / Right only", "違う / Changed", "入れ替わり / Swapped", "回数 / Repeated",
        "世帯 / Households", "失われた / Lost",
    )  # fmt: skip
    for one in report.groups:
        counts = [*one.records, *(one.rows[kind] for kind in KINDS), one.households]
        figures = ["-" if count is None else str(count) for count in counts]
        lost = "・".join("-" if count is None else str(count) for count in one.lost)
        table.add_row(one.group, *figures, lost)
    out().print(table)
    for one in report.groups:
        _show_items(one, dictionary)


def _show_items(one: GroupReport, dictionary: Dictionary) -> None:
    for name, count in sorted(one.items.items()):
        item = _named(one.group, (name,), dictionary)
        out().print(f"  {one.group} {item}：{count} 件 / rows", markup=False, soft_wrap=True)
    for found in one.findings:
        out().print(f"  {_text(one.group, found, dictionary)}", markup=False, soft_wrap=True)


def _text(ref: str, found: Finding, dictionary: Dictionary) -> str:
    japanese, english = CODES[found.code]
    where = " ".join(filter(None, (ref, _named(ref, found.items, dictionary))))
    return f"{where}：{japanese} / {english}"


def _named(ref: str, fields: Sequence[str], dictionary: Dictionary) -> str:
    group = dictionary.groups[ref]
    return "、".join(f"{group.item(name).name}（{name}）" for name in fields)


def _plain(said: object) -> str:
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
