"""A gateway that speaks the wire format and answers from data written out in a test."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import parse_qs

import httpx

_SOURCES = {
    "001": ("住民記録システム（住記まち）", "2026-10-01T09:15:00+09:00"),
    "010": ("個人住民税システム（税務ひろば）", "2026-10-01T08:30:00+09:00"),
    "022": ("福祉総合システム（福祉ほっと）", "2026-10-01T07:00:00+09:00"),
    "027": ("福祉総合システム（福祉ほっと）", "2026-10-01T07:00:00+09:00"),
}

EXPLANATIONS: dict[str, Any] = {
    reason: {
        "ja": {"happened": f"{ja}。", "can_do": "あとでもう一度お試しください。", "ask": "窓口"},
        "ja-easy": {"happened": f"{ja}。", "can_do": "あとで見てください。", "ask": "窓口"},
        "en": {"happened": f"{en}.", "can_do": "Try again later.", "ask": "the office"},
    }
    for reason, ja, en in (
        ("unavailable", "いま確認できません", "Cannot be checked now"),
        ("unavailable-planned", "時間外のため確認できません", "Closed at this hour"),
        ("not-recorded", "記録がありません", "Nothing is recorded"),
        ("ask-office", "この項目は表示できません", "Cannot be shown"),
        ("recorded-unknown", "記録でも不明です", "Unknown in the register"),
        ("not-applicable", "該当しません", "Does not apply"),
        ("lost-in-mapping", "読み取れませんでした", "Could not be read"),
        ("GAIJI_UNMAPPED", "表示できない文字を〓にしています", "A character is shown as 〓"),
    )
}


def value(content: object, label: str | None = None, *codes: str) -> dict[str, Any]:
    """Return an item with a value."""
    item: dict[str, Any] = {"value": content}
    if label is not None:
        item["label"] = label
    if codes:
        item["quality"] = [{"code": code, "severity": "W"} for code in codes]
    return item


def absent(reason: str) -> dict[str, Any]:
    """Return an item without a value."""
    return {"absent": reason}


Records = dict[str, list[dict[str, Any]]]


class FakeGateway:
    """Answers every subject from ``people``: handle to group to records.

    ``down`` maps a business id to ``unavailable`` or ``unavailable-planned``. ``questions`` keeps
    what was asked.
    """

    def __init__(self, people: dict[str, Records]) -> None:
        self.people = people
        self.down: dict[str, str] = {}
        self.questions: list[dict[str, Any]] = []
        self.tokens = 0
        self.reachable = True

    def client(self) -> httpx.AsyncClient:
        """Return a client that reaches only this gateway."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._handle))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if not self.reachable:
            raise httpx.ConnectError("refused", request=request)
        if request.url.path == "/oauth/token":
            form = parse_qs(request.content.decode())
            assert form["grant_type"] == ["client_credentials"]
            assert form["client_assertion"][0].count(".") == 2
            self.tokens += 1
            body = {"access_token": "t", "token_type": "DPoP", "expires_in": 300}
            return httpx.Response(200, json=body)
        assert request.url.path == "/v1/questions"
        if request.headers["authorization"] != "DPoP t":
            return httpx.Response(401, json={"status": 401})
        question = json.loads(request.content)
        self.questions.append(question)
        return httpx.Response(200, json=self.answer(question))

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return the answer as the gateway would write it."""
        groups: dict[str, list[str]] = {}
        for reference in question["items"]:
            group, _, name = reference.rpartition(".")
            groups.setdefault(group, []).append(name)
        person = copy.deepcopy(self.people[question["subject"]])
        parts = [self._part(g, names, person.get(g, [])) for g, names in groups.items()]
        known = [part["status"] in {"ok", "not-found"} for part in parts]
        return {
            "question_id": "q-1",
            "outcome": "complete" if all(known) else "partial" if any(known) else "none",
            "municipality": "999997",
            "purpose": question["purpose"],
            "answered_at": "2026-10-01T10:00:00+09:00",
            "parts": parts,
            "explanations": EXPLANATIONS,
        }

    def _part(self, group: str, names: list[str], records: list[dict[str, Any]]) -> dict[str, Any]:
        business = group[:3]
        reason = self.down.get(business)
        status = reason or ("ok" if records else "not-found")
        missing = absent(reason or "not-recorded")
        system, as_of = _SOURCES[business]
        part: dict[str, Any] = {
            "group": group,
            "business": business,
            "label": group,
            "edition": "provisional-2026",
            "provisional": True,
            "status": status,
            "provenance": None
            if reason
            else {
                "adapter": f"reference-{business}",
                "adapter_version": "1.0.0",
                "mapping_version": "1.0.0",
                "system_name": system,
                "edition": "provisional-2026",
                "method": "live",
                "as_of": as_of,
                "retrieved_at": "2026-10-01T10:00:00+09:00",
                "stale": False,
            },
            "records": []
            if reason
            else [{n: r.get(n, absent("not-recorded")) for n in names} for r in records],
            "absences": {} if status == "ok" else dict.fromkeys(names, missing),
        }
        if reason == "unavailable-planned":
            part["opens_at"] = "2026-10-02T06:00:00+09:00"
        return part
