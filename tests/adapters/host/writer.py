"""Writes records as the host of the tests keeps them. Synthetic persons only."""

from __future__ import annotations

from decimal import Decimal

from adapters.encodings.decimals import NumberRules, packed
from adapters.encodings.host import host_encoding

JEF = host_encoding("jef")
_UNSIGNED = NumberRules(signed=False)


def record(
    number: str = "000000047112",
    *,
    kind: str = "1",
    since: int = 4120615,
    until: int = 0,
    extra: str = " ",
    name: str = "架空　花子",
    exempt: str = " ",
) -> bytes:
    """Return one record of the copybook; dates as era digits."""
    text = JEF.encode_field
    wide = name + "　" * (10 - len(name))
    return b"".join(
        (
            text(number),
            text("001"),
            text("1234567890"),
            text(kind),
            packed(Decimal(since), 4, _UNSIGNED),
            text("01"),
            packed(Decimal(until), 4, _UNSIGNED),
            text(extra),
            text("        "),
            JEF.encode_field(wide, double=True),
            text(exempt + "202604"),
            text(" 000000"),
        )
    )
