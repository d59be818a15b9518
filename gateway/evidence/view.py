"""A statement for people: one HTML file for A4, the signed text in it and as codes. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, Final

import jinja2
import orjson
import segno

from gateway.evidence.content import in_words

QR_CHARS: Final = 1_100
"""Characters of one code: what a telephone still reads from paper at 55 mm."""
QR_HEAD: Final = "HITOTSU"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("gateway.evidence"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_view(
    evidence: str, payload: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]
) -> str:
    """Return the file: nothing in it comes from elsewhere, and no script."""
    shown = [{**part, "tables": _tables(part)} for part in parts]
    return (
        _environment()
        .get_template("evidence.html")
        .render(
            title=payload["title"],
            evidence_id=payload["jti"],
            issuer=payload["iss"],
            texts=payload["texts"],
            parts=shown,
            codes=[code.svg_data_uri(scale=3, border=4) for code in codes(evidence)],
            evidence=evidence,
            style=_style(),
        )
    )


def codes(evidence: str) -> list[segno.QRCode]:
    """Return the codes that together hold the statement: ``HITOTSU/2/3/`` and a piece of it."""
    pieces = [evidence[at : at + QR_CHARS] for at in range(0, len(evidence), QR_CHARS)]
    return [
        segno.make_qr(f"{QR_HEAD}/{place}/{len(pieces)}/{piece}", error="m")
        for place, piece in enumerate(pieces, start=1)
    ]


def verifier_page(jwks: Mapping[str, Any]) -> tuple[str, str]:
    """Return the page that verifies statements in a browser, and its content security policy.

    It is one file, holds the keys, and works from a disk without a network.
    """
    script = resources.files("gateway.evidence").joinpath("assets/verify.js").read_text("utf-8")
    # Within a script nothing is escaped but what could end it.
    keys = orjson.dumps(jwks).decode().replace("<", "\\u003c")
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(_style())}; "
        "base-uri 'none'; form-action 'none'"
    )
    page = (
        _environment()
        .get_template("verify.html")
        .render(script=script, style=_style(), keys=keys, policy=policy)
    )
    return page, policy


@cache
def _style() -> str:
    return resources.files("gateway.evidence").joinpath("assets/evidence.css").read_text("utf-8")


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _tables(part: Mapping[str, Any]) -> list[list[tuple[str, str, bool]]]:
    return [
        [(said["name"], in_words(said), "absent" in said) for said in record.values()]
        for record in part["records"]
    ]
