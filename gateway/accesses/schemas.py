"""The list on the wire."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MAX_PAGE = 100
USUAL_PAGE = 20


class _Shape(BaseModel):
    """Shapes of the answer."""

    model_config = ConfigDict(frozen=True)


class AskedItem(_Shape):
    """An item by its name in the standard. Whether there was a value is not told."""

    ref: str = Field(description="項目の参照名 / reference of the item")
    name: str = Field(description="標準仕様の項目名 / name in the standard")
    group: str = Field(description="グループの名称 / name of the group")


class AccessPurpose(_Shape):
    """Why it was asked."""

    id: str
    name_ja: str
    name_en: str
    legal_basis: str = Field(description="根拠法令 / legal basis")


class AccessDocument(_Shape):
    """One use of the resident's data."""

    record_id: str = Field(description="監査記録の番号。問い合わせに使う / id of the audit record")
    at: str
    client: str = Field(description="照会した連携先の名称 / name of the consumer")
    organ: str = Field(description="担当課・機関 / organ that asks")
    purpose: AccessPurpose
    function: str = Field(description="question（照会） / own-accesses（この一覧の表示）")
    outcome: str = Field(
        description="complete / partial / none / refused / shown / withheld / filtered / not-shown"
    )
    items: list[AskedItem] = Field(description="求められた項目の名前。値はない / never values")
    by_representative: bool = Field(
        description="代理人が本人に代わって行ったか。だれかは示さない / in the person's place"
    )


class AccessesDocument(_Shape):
    """A page of the list, newest first."""

    municipality: str
    withheld: str | None = Field(
        description="ask-office：一覧は窓口で。理由は区別しない / ask at the office, for any reason"
    )
    accesses: list[AccessDocument]
    next: str | None = Field(description="続きの cursor。なければ終わり / cursor of what is older")


EXAMPLE = {
    "municipality": "999997",
    "withheld": None,
    "accesses": [
        {
            "record_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            "at": "2026-10-01T10:00:00+09:00",
            "client": "オンライン申請",
            "organ": "子育て支援課",
            "purpose": {
                "id": "jidoteate-ninteiseikyu",
                "name_ja": "児童手当の認定請求",
                "name_en": "Child allowance",
                "legal_basis": "児童手当法第7条",
            },
            "function": "question",
            "outcome": "complete",
            "items": [
                {
                    "ref": "001.juminkihonjoho.shimei",
                    "name": "氏名",
                    "group": "住民基本情報",
                }
            ],
            "by_representative": False,
        }
    ],
    "next": None,
}
