"""The examples of the API description: a question, and an answer to it."""

from __future__ import annotations

from typing import Any, Final

from gateway.api.trace import instance_of
from gateway.problems import PROBLEM_TYPES

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
    },
    "household": {
        "summary": "世帯の 18 歳未満の人、基準日の内容で / Children of a household, as of a day",
        "value": {
            "subject": "ここに対象者ハンドル",
            "purpose": PURPOSE,
            "items": ["001.juminkihonjoho.shimei", "001.juminkihonjoho.seinengappi"],
            "relation": {"kind": "household", "basis": "register", "age": {"at_most": 17}},
            "as_of": "2026-10-01",
        },
    },
}

EXPLAIN_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    example: {
        "summary": "同じ照会を、対象者なしで / The same question, of nobody",
        "value": {name: member for name, member in asked["value"].items() if name != "subject"},
    }
    for example, asked in QUESTION_EXAMPLES.items()
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


def _problem(slug: str) -> dict[str, Any]:
    kind, trace_id = PROBLEM_TYPES[slug], "4bf92f3577b34da6a3ce929d0e0e4736"
    return {
        "type": f"https://gateway.example/problems/{slug}",
        "title": kind.title_ja,
        "status": kind.status,
        "detail": kind.title_ja,
        "remedy": kind.remedy_ja,
        "instance": instance_of(trace_id),
        "trace_id": trace_id,
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
            "problem": _problem("part-unavailable"),
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


def _of_register(reference_date: str) -> dict[str, Any]:
    found = _provenance("reference-resident", "住民記録システム")
    return {**found, "reference_date": reference_date}


HOUSEHOLD_ANSWER_EXAMPLE: Final[dict[str, Any]] = {
    "question_id": "0b6a2d4e115f0c6f2e5f7b4f0c9f6c1f",
    "outcome": "complete",
    "municipality": "999997",
    "purpose": PURPOSE,
    "answered_at": "2026-10-01T10:15:30+09:00",
    "parts": [],
    "household": {
        "kind": "household",
        "basis": "register",
        "label": "住民基本台帳の世帯",
        "source": "住民基本台帳法第6条・第7条第4号",
        "reference_date": "2026-10-01",
        "status": "ok",
        "size": 4,
        "not_shown": [{"reason": "ask-office", "count": 1}],
        "provenance": _of_register("2026-10-01"),
    },
    "members": [
        {
            "subject": "この人のハンドル",
            "is_subject": False,
            "matches": "yes",
            "parts": [
                {
                    "group": "001.juminkihonjoho",
                    "business": "001",
                    "label": "住民基本情報",
                    "edition": "provisional-2026",
                    "provisional": True,
                    "status": "ok",
                    "provenance": _of_register("2026-10-01"),
                    "records": [
                        {
                            "shimei": {"value": "見本　はる"},
                            "seinengappi": {"value": "2018-04-02"},
                        }
                    ],
                    "absences": {},
                }
            ],
            "receipt": "…",
        }
    ],
    "receipt": None,
    "explanations": {
        "ask-office": {
            "ja": {
                "happened": "この項目は表示できません。",
                "can_do": "窓口でお聞きください。",
                "ask": "役所の窓口",
            },
        }
    },
}

ANSWER_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "three-systems": {"summary": "一人について / Of one person", "value": ANSWER_EXAMPLE},
    "household": {
        "summary": "世帯の一人ずつについて / Of each member of a household",
        "value": HOUSEHOLD_ANSWER_EXAMPLE,
    },
}
