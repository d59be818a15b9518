"""Reports of counter systems, on the wire. There is no place for a name in them."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

VISIBLE: Final = r"^[\x21-\x7e]+$"
"""Ids, numbers and their numberings: visible ASCII characters."""
MOST_COPIES: Final = 1_000


class CertificateKind(StrEnum):
    """What was handed out."""

    JUMINHYO = "juminhyo"
    JUMINHYO_KISAIJIKO = "juminhyo-kisaijiko"
    JOHYO = "johyo"
    KOSEKI_FUHYO = "koseki-fuhyo"
    KOSEKI_FUHYO_JOHYO = "koseki-fuhyo-johyo"
    KOSEKI = "koseki"


class RequesterClass(StrEnum):
    """Who obtained it, as a class. Source: Resident Register Act, articles 12 to 12-3, 15-4."""

    SELF = "self"
    AGENT = "agent"
    THIRD_PARTY = "third-party"
    PROFESSIONAL = "professional"
    PUBLIC_BODY = "public-body"


NOTIFIED: Final = frozenset(
    {RequesterClass.AGENT, RequesterClass.THIRD_PARTY, RequesterClass.PROFESSIONAL}
)
"""Of whom people are told. Not of themselves, and not of public bodies (rule HN-2)."""
KINDS_JA: Final[dict[str, str]] = {
    CertificateKind.JUMINHYO: "住民票の写し",
    CertificateKind.JUMINHYO_KISAIJIKO: "住民票記載事項証明書",
    CertificateKind.JOHYO: "除票の写し",
    CertificateKind.KOSEKI_FUHYO: "戸籍の附票の写し",
    CertificateKind.KOSEKI_FUHYO_JOHYO: "戸籍の附票の除票の写し",
    CertificateKind.KOSEKI: "戸籍の証明書",
}
CLASSES_JA: Final[dict[str, str]] = {
    RequesterClass.SELF: "本人等",
    RequesterClass.AGENT: "代理人",
    RequesterClass.THIRD_PARTY: "第三者（個人・法人）",
    RequesterClass.PROFESSIONAL: "第三者（特定事務受任者）",
    RequesterClass.PUBLIC_BODY: "国・地方公共団体の機関",
}


class DeliveryReport(BaseModel):
    """A certificate that was handed out, as the counter system tells of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delivery_id: str = Field(
        min_length=1,
        max_length=64,
        pattern=VISIBLE,
        description=(
            "交付の番号。訂正は同じ番号でもう一度送る / the counter's own id of it; a correction "
            "comes under the same id"
        ),
    )
    numbering: str = Field(
        min_length=1,
        max_length=40,
        pattern=VISIBLE,
        description="番号体系 / numbering of the number",
    )
    number: str = Field(
        min_length=1,
        max_length=40,
        pattern=VISIBLE,
        title="番号",
        description="whose certificate it is",
    )
    kind: CertificateKind = Field(title="証明書の種別")
    delivered_on: dt.date = Field(title="交付日", description="day on which it was handed out")
    copies: int = Field(ge=1, le=MOST_COPIES, strict=True, title="通数")
    requester: RequesterClass = Field(
        title="請求者の種別", description="class of the requester; never who it was"
    )


class DeliveryDocument(BaseModel):
    """The report was received. Whether anybody is told does not follow from it."""

    delivery_id: str


EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "third-party": {
        "summary": "第三者が住民票の写しを取った / A third party obtained a copy",
        "value": {
            "delivery_id": "kofu-2026-001234",
            "numbering": "resident",
            "number": "000000000019",
            "kind": "juminhyo",
            "delivered_on": "2026-10-01",
            "copies": 1,
            "requester": "third-party",
        },
    }
}
RECEIVED: Final[dict[str, Any]] = {"delivery_id": "kofu-2026-001234"}
