"""The input of the vendors' tutorial: a layout sheet and a file as the host writes it.

Run as a module to write both anew. Invented people only.
"""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Final

from adapters.encodings.decimals import NumberRules, packed
from adapters.encodings.host import host_encoding
from tests.docs.pages import DOCS

EXAMPLE: Final = DOCS / "vendors" / "example"
HEADS: Final = ("No", "項目名", "物理名", "型", "桁", "位置", "バイト", "内容")
ROWS: Final = (
    (1, "宛名番号", "ATENA-NO", "数字", 12, 1, 12, "住民記録の宛名番号"),
    (2, "手当種別", "TEATE-SBT", "文字", 1, 13, 1, "T 特別 S 障害児福祉 K 経過的福祉 A 市独自"),
    (3, "履歴番号", "RIREKI-NO", "数字", 3, 14, 3, "1 から"),
    (4, "認定年月日", "NINTEI-YMD", "パック", 7, 17, 4, "元号 3 昭 4 平 5 令と年月日。なければ 0"),
    (5, "支給開始年月", "KAISHI-YM", "数字", 6, 21, 6, "西暦"),
    (6, "支給終了年月", "SHURYO-YM", "数字", 6, 27, 6, "西暦。定めがなければ 0"),
    (7, "停止事由", "TEISHI-JIYU", "文字", 2, 33, 2, "なければ空白"),
    (8, "月額", "GETSUGAKU", "符号付パック", 7, 35, 4, "円"),
    (9, "氏名", "SHIMEI", "漢字", 10, 39, 20, "全角"),
)  # fmt: skip
JEF: Final = host_encoding("jef")


def record(
    number: str, kind: str, amount: int, name: str, *, since: int, months: str, stop: str = "  "
) -> bytes:
    """Return a record of the file; ``months`` are those of begin and end, six digits each."""
    return (
        JEF.encode_field(f"{number}{kind}001")
        + packed(Decimal(since), 4, NumberRules(signed=False))
        + JEF.encode_field(f"{months}{stop}")
        + packed(Decimal(amount), 4)
        + JEF.encode_field(name.ljust(10, "　"), double=True)
    )


def sample() -> bytes:
    """Return the file."""
    return b"".join(
        [
            record("000000481201", "T", 28840, "架空太郎", since=4300401, months="201805000000"),
            record(
                "000000481202", "S", 15690, "見本花子", since=5020715, months="202008202803"
            ),
            record(
                "000000481203", "K", 15690, "例示三郎", since=0, months="198604000000", stop="02"
            ),
            record("000000481204", "A", 5000, "仮名良子", since=5060401, months="202405000000"),
        ]
    )  # fmt: skip


def layout_sheet() -> bytes:
    """Return the layout sheet as .xlsx."""
    from openpyxl import Workbook  # slow to load

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "TEATE"
    sheet.append(["障害手当ファイル レイアウト（SG-04）"])
    for row in (HEADS, *ROWS):
        sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


if __name__ == "__main__":
    (EXAMPLE / "layout.xlsx").write_bytes(layout_sheet())
    (EXAMPLE / "TEATE.DAT").write_bytes(sample())
