"""The examples of the API description: a question, and an answer to it."""

from __future__ import annotations

from typing import Any, Final

PURPOSE: Final = "jidoteate-ninteiseikyu"

QUESTION_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "three-systems": {
        "summary": "三つのシステムに一度で聞く / Ask three systems at once",
        "value": {
            "subject": "ここに対象者ハンドル",
            "purpose": PURPOSE,
            "items": [
                "001.juminkihonjoho.shimei",
                "001.juminkihonjoho.seinengappi",
                "010.kazeikihonjoho.kazeinendo",
                "010.kazeikihonjoho.gokeishotokukingaku",
                "027.jukyushikakujoho.shikyujotai",
            ],
        },
    }
}

EXPLAIN_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "three-systems": {
        "summary": "同じ照会を、対象者なしで / The same question, of nobody",
        "value": {
            name: member
            for name, member in QUESTION_EXAMPLES["three-systems"]["value"].items()
            if name != "subject"
        },
    }
}


def _provenance(adapter: str, system_name: str) -> dict[str, Any]:
    return {
        "adapter": adapter,
        "adapter_version": "0.1.0",
        "mapping_version": "1.0.0",
        "system_name": system_name,
        "edition": "provisional-2026",
        "method": "live",
        "as_of": "2026-10-01T09:15:00+09:00",
        "retrieved_at": "2026-10-01T10:15:30+09:00",
        "stale": False,
    }


ANSWER_EXAMPLE: Final[dict[str, Any]] = {
    "question_id": "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11",
    "outcome": "partial",
    "municipality": "999997",
    "purpose": PURPOSE,
    "answered_at": "2026-10-01T10:15:30+09:00",
    "parts": [
        {
            "group": "001.juminkihonjoho",
            "business": "001",
            "label": "住民基本情報",
            "edition": "provisional-2026",
            "provisional": True,
            "status": "ok",
            "provenance": _provenance("reference-resident", "住民記録システム"),
            "records": [
                {
                    "shimei": {"value": "見本　一郎"},
                    "seinengappi": {
                        "absent": "recorded-unknown",
                        "uncertain": {
                            "precision": "month",
                            "text": "昭和４７年２月　日不詳",
                            "earliest": "1972-02-01",
                            "latest": "1972-02-29",
                        },
                    },
                }
            ],
            "absences": {},
        },
        {
            "group": "010.kazeikihonjoho",
            "business": "010",
            "label": "課税基本情報",
            "edition": "provisional-2026",
            "provisional": True,
            "status": "unavailable",
            "provenance": None,
            "records": [],
            "absences": {
                "kazeinendo": {"absent": "unavailable"},
                "gokeishotokukingaku": {"absent": "unavailable"},
            },
        },
        {
            "group": "027.jukyushikakujoho",
            "business": "027",
            "label": "受給資格情報",
            "edition": "provisional-2026",
            "provisional": True,
            "status": "ok",
            "provenance": _provenance("reference-welfare", "福祉システム"),
            "records": [{"shikyujotai": {"value": "1", "label": "支給中"}}],
            "absences": {},
        },
    ],
    "receipt": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImhpdG90c3UtcmVjZWlwdCtqd3QifQ.…",
    "explanations": {},
}
