"""A My Number where it must not be: in paths, queries and headers of every route (MN-2, MN-3)."""

from __future__ import annotations

import itertools
import re
from urllib.parse import quote

import pytest

from standard_models.reference.check_digits import my_number_check
from tests.redteam.conftest import Target

NUMBER = "12345678901" + my_number_check("12345678901")
NO_NUMBER = "12345678901" + str((int(NUMBER[-1]) + 1) % 10)
WIDE = str.maketrans("0123456789- ", "０１２３４５６７８９－\u3000")
GROUPED = f"{NUMBER[:4]}-{NUMBER[4:8]}-{NUMBER[8:]}"
WRITTEN = (
    NUMBER,
    GROUPED,
    GROUPED.replace("-", " "),
    GROUPED.replace("-", "  "),
    GROUPED.replace("-", "・"),
    GROUPED.replace("-", "\u2212"),
    f"a {NUMBER}, b",
    NUMBER.translate(WIDE),
    GROUPED.translate(WIDE),
    GROUPED.replace("-", " ").translate(WIDE),
)
HEADERS = ("x-request-id", "idempotency-key", "user-agent", "accept-language", "cookie", "referer")


async def test_no_route_takes_a_number_in_its_path_query_or_headers(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    """MN-2: 400 on each, the same problem, and no echo in answer or log."""
    description = (await target.http.get("/openapi.json")).json()
    tried, notations = 0, itertools.cycle(WRITTEN)
    for path, operations in description["paths"].items():
        for method in operations.keys() & {"get", "post", "put", "delete"}:
            plain = re.sub(r"\{[^}]*\}", "x", path)
            ways = [
                (re.sub(r"\{[^}]*\}", NUMBER, path) if "{" in path else f"{plain}/{NUMBER}", {}),
                *((f"{plain}?q={quote(text)}", {}) for text in (NUMBER, next(notations))),
                *(
                    (plain, {name.encode(): text.encode()})
                    for name in HEADERS
                    for text in (NUMBER, next(notations))
                ),
            ]
            for address, headers in ways:
                answer = await target.http.request(method, address, headers=headers)
                assert answer.status_code == 400, (method, path, list(headers))
                assert answer.json()["type"].endswith("/problems/number-outside-body")
                assert NUMBER not in answer.text + str(answer.headers)
                tried += 1
    assert tried >= 15 * len(description["paths"])
    assert NUMBER not in caplog.text
    assert NUMBER not in (await target.http.get("/metrics")).text


async def test_no_notation_hides_a_number(target: Target) -> None:
    """MN-2: blanks, hyphens of every kind, full width, in every header and in a query."""
    for text in WRITTEN:
        answers = [await target.http.get(f"/health?q={quote(text)}")]
        for name in HEADERS:
            headers = {name.encode(): text.encode()}
            answers.append(await target.http.get("/health", headers=headers))
        assert [answer.status_code for answer in answers] == [400] * len(answers)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x-request-id", NO_NUMBER),
        ("x-request-id", f"{NUMBER}1"),
        ("x-request-id", f"0190a5b2-8c1d-7def-8123-{NUMBER}"),
        ("x-request-id", f"5f0c6f2e5f7b4f0c9f6c{NUMBER}"),
        ("traceparent", f"00-{NUMBER}{NUMBER}12345678-00f067aa0ba902b7-01"),
    ],
)
async def test_what_is_no_number_of_a_person_passes(target: Target, name: str, text: str) -> None:
    """Other digits, longer ones, ids and traces."""
    assert (await target.http.get("/health", headers={name: text})).status_code == 200


async def test_an_id_of_ours_is_no_number_whatever_its_digits(target: Target) -> None:
    """An event whose id has twelve digits in a row can be acknowledged; 33 are no id of ours."""
    for event_id, status in ((f"abcdef{NUMBER}abcdefabcdefab", 401), (f"a{'b' * 20}{NUMBER}", 400)):
        answer = await target.http.post(f"/v1/events/{event_id}/acknowledge")
        assert answer.status_code == status


async def test_a_number_in_a_wide_notation_is_one_too(target: Target) -> None:
    """Full-width digits and percent-encoding hide nothing."""
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in NUMBER).encode()
    quoted = "".join(f"%3{digit}" for digit in NUMBER).encode()
    for value in (wide, quoted):
        answer = await target.http.get("/health", headers={b"x-request-id": value})
        assert answer.status_code == 400
