"""The sheets of a mapping workbook: titles, headings, and the words for keys of the language.

The name of an item and that of a source field stand there for people and are not read back.
"""

from __future__ import annotations

from typing import Final

ORIGINS: Final = {
    "field": "欄", "fields": "複数の欄", "constant": "定数", "date": "日付",
    "date_flag": "日付（不詳フラグ）", "date_text": "日付（不詳表記）", "absent": "提供なし",
}  # fmt: skip
STEPS: Final = {
    "text": "文字の形", "amount": "金額", "codes": "コード表", "fiscal_year": "年度",
    "year_month": "年月", "slice": "切り出し", "split": "分割", "null": "空とみなす値",
    "blank": "空の意味", "applies_when": "条件", "default": "既定値",
    "join": "つなぎ方", "steps": "手順", "relationship": "続柄",
    "name": "氏名の部分", "number": "番号",
}  # fmt: skip
TEXTS: Final = frozenset({"text", "codes", "blank", "note"})
MARKS: Final = frozenset({"fiscal_year", "year_month"})
PARSED_ORIGINS: Final = frozenset({"constant", "fields"})
CIRCLE: Final = "○"
ITEM_HEAD: Final = (
    "グループ", "ローマ字", "データ項目ID", "データ項目", "型", "桁数", "由来", "元",
    *STEPS.values(), "備考", "元の名称",
)  # fmt: skip
SHEETS: Final = {
    "cover": "表紙", "items": "項目マッピング", "groups": "グループ", "dates": "日付",
    "tables": "コード表", "codes": "コード変換", "characters": "外字", "reads": "問い合わせ",
    "layout": "元の欄",
}  # fmt: skip
HEADS: Final = {
    "cover": ("項目", "内容"),
    "items": ITEM_HEAD,
    "groups": ("グループ", "問い合わせ", "名称", "その他"),
    "dates": ("グループ", "日付", "読み方"),
    "tables": ("コード表", "出典", "根拠", "備考"),
    "codes": ("コード表", "元のコード", "標準のコード", "備考", "根拠"),
    "characters": ("元の符号", "文字", "備考"),
    "reads": ("名前", "内容"),
    "layout": ("問い合わせ", "欄", "名称", "根拠", "備考"),
}
TABLE_KEYS: Final = {"source": "出典", "clause": "根拠", "note": "備考"}
FIELD_KEYS: Final = {"name": "名称", "clause": "根拠", "note": "備考"}
PARSED_COVER: Final = (
    "faults", "protection_flags", "search", "changes", "extract", "submit", "history",
)  # fmt: skip
COVER: Final = {
    "language": "言語の版",
    "system": "システム",
    "version": "対応定義の版",
    "steps_module": "手順のモジュール",
    "notes": "備考",
}
