"""The catalogue on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class CatalogueQuery(BaseModel):
    """Filters of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    business: str | None = Field(
        default=None,
        pattern=r"^([0-9]{3}|hantei)$",
        title="業務ID",
        description="この業務だけ。判定項目は hantei / only this business; facts are hantei",
        examples=["001"],
    )
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        title="ことば",
        description=(
            "項目・グループの名前（日本語・英語・ローマ字）に含まれることば / "
            "text in the names of items and groups: Japanese, English or romaji"
        ),
        examples=["生年月日"],
    )


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CodeValue(_Shape):
    """A value of a code table."""

    value: str = Field(title="コード値")
    label: str = Field(title="意味")


class CodeList(_Shape):
    """A code table; its values stand in the catalogue of the group."""

    id: str = Field(title="コードID")
    name: str = Field(title="コード名")
    values: tuple[CodeValue, ...] | None = Field(default=None, title="コード値")


class Item(_Shape):
    """A data item."""

    ref: str = Field(title="参照名", description="照会で使う名前 / the name to ask by")
    item_id: str = Field(title="データ項目ID")
    field_name: str = Field(title="ローマ字名")
    label: str = Field(title="名称")
    label_en: str = Field(title="英語名")
    type: Literal["X", "Ｎ", "9", "9V", "S9", "BLOB", "YEAR", "DATE", "TIME"] = Field(title="型")
    length: int = Field(title="桁数")
    fraction: int = Field(title="小数部の桁数")
    repeat: int | None = Field(title="繰り返し")
    condition: Literal["必須", "条件付き必須", "任意"] = Field(title="データ出力条件")
    primary_key: bool = Field(title="主キー")
    allows_unknown_date: bool = Field(title="不詳日を許容する")
    code_list: CodeList | None = Field(title="コード表")
    provisional: bool = Field(title="暫定")
    definition: str | None = Field(default=None, title="説明")


class SuppliedBy(_Shape):
    """A system that answers for a group."""

    municipality: str = Field(title="団体コード")
    adapter_id: str = Field(title="アダプター")
    system_name: str = Field(title="システム名")


class Group(_Shape):
    """A group of items: one record type."""

    ref: str = Field(title="参照名")
    business: str = Field(title="業務ID")
    label: str = Field(title="名称")
    label_en: str = Field(title="英語名")
    cardinality: Literal["one", "many"] = Field(title="一人あたりの件数")
    edition: str = Field(title="版")
    provisional: bool = Field(title="暫定")
    supplied_by: tuple[SuppliedBy, ...] = Field(title="提供するシステム")
    items: tuple[Item, ...] = Field(title="データ項目")


class Business(_Shape):
    """A business with its groups."""

    id: str = Field(title="業務ID")
    label: str = Field(title="名称")
    label_en: str = Field(title="英語名")
    edition: str = Field(title="版")
    provisional: bool = Field(
        title="暫定", description="公式の一覧ではない / not the official list"
    )
    groups: tuple[Group, ...] = Field(title="グループ")


class CatalogueDocument(_Shape):
    """The catalogue, or what the filters leave of it."""

    item_count: int = Field(title="項目数")
    businesses: tuple[Business, ...] = Field(title="業務")
