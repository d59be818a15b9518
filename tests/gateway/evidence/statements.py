"""A statement with every kind of value that people read otherwise than machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.clock import TOKYO
from gateway.evidence.content import statement_parts
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from gateway.questions.service import QuestionAnswer
from standard_models.answers import (
    Absence,
    AbsenceReason,
    Answer,
    DatePrecision,
    Method,
    Provenance,
    Quality,
    Severity,
    UncertainDate,
    Value,
)
from standard_models.builtin import load_builtin

AS_OF: Final = dt.datetime(2026, 11, 30, 0, 30, tzinfo=dt.UTC)
_UNCERTAIN: Final = UncertainDate(DatePrecision.MONTH, "平成２年頃", None, None)
RESIDENT: Final[Mapping[str, Answer]] = {
    "shimei": Value("見本　花子<b>"),
    "seinengappi": Value("1990-06-12"),
    "seibetsu": Value("2", "女"),
    "jumintonattanengappi": Absence(AbsenceReason.RECORDED_UNKNOWN, uncertain=_UNCERTAIN),
    "jushoosadametanengappi": Value("2019-05-01"),
    "todokedenengappi": Absence(AbsenceReason.RECORDED_UNKNOWN),
    "jusho_choaza": Absence(AbsenceReason.ASK_OFFICE),
    "idojiyu": Value("99", None, (Quality("CONTROL_CHAR", Severity.WARNING),)),
}
ASSESSMENT: Final[Mapping[str, Answer]] = {
    "kazeinendo": Value("2026"),
    "gokeishotokukingaku": Value(-1_234_567),
    "shichosonminzei_kintowarigaku": Value(0),
    "shichosonminzei_shotokuwarigaku": Absence(AbsenceReason.NOT_RECORDED),
    "shinrinkankyozeigaku": Absence(AbsenceReason.NOT_APPLICABLE),
    "nenzeigaku": Value(4_421_000),
    "fuyoninzu": Value(2),
}
WORDS: Final = {
    "氏名": "見本　花子<b>",
    "生年月日": "平成2年6月12日（1990年6月12日）",
    "性別": "女",
    "住民となった年月日": "平成２年頃",
    "住所を定めた年月日": "令和元年5月1日",
    "届出年月日": "不詳",
    "住所_町字": "窓口でお聞きください",
    "異動事由": "コード 99（※表示のために書き方を整えました。元の記録は変わっていません。）",
    "課税年度": "令和8年度",
    "合計所得金額": "▲1,234,567円",
    "市町村民税_均等割額": "0円",
    "市町村民税_所得割額": "記録がありません（未申告・未登録）",
    "森林環境税額": "該当しません",
    "年税額": "4,421,000円",
    "扶養人数": "2",
}
RECORDED: Final = {
    "生年月日": "1990-06-12",
    "性別": "2",
    "住所を定めた年月日": "2019-05-01",
    "異動事由": "99",
    "課税年度": "2026",
    "合計所得金額": "-1234567",
    "市町村民税_均等割額": "0",
    "年税額": "4421000",
}
"""What stands in the record where the words differ from it."""


def answered() -> QuestionAnswer:
    """Return the answer to a question about a resident and her tax."""
    parts = (
        _part("001.juminkihonjoho", RESIDENT, "住民記録システム", AS_OF),
        _part("010.kazeikihonjoho", ASSESSMENT, "税務システム", None),
    )
    return QuestionAnswer("q", "complete", "131016", "p", AS_OF.astimezone(TOKYO), parts)


def parts_of_the_statement() -> list[dict[str, Any]]:
    """Return what is said in the statement of that answer."""
    return statement_parts(answered())


def items_of(parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return every item of a statement, one after the other."""
    return [said for part in parts for record in part["records"] for said in record.values()]


def _part(ref: str, record: Mapping[str, Answer], system: str, as_of: dt.datetime | None) -> Part:
    group = load_builtin().groups[ref]
    found = Provenance("a", "1", "1", system, "provisional-2026", Method.LIVE, as_of, AS_OF)
    return Part(PlannedPart(group, tuple(record)), PartStatus.OK, [record], {}, found)
