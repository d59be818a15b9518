"""Ids and values of code tables: compared as numbers where the lists do so, printed as written.

Source: column legend of the national item lists; list 031 writes ``002`` where its code sheet
writes ``2``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODE_ID = re.compile(r"(?P<business>\D*?)[_＿]?(?P<number>\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class CodeId:
    """The id of a code table.

    ``business`` is the name before the number where the table is one shared between businesses
    (コード一覧（連携）), else empty. ``written`` is the cell as it stands and does not take part in
    comparison.
    """

    business: str
    number: int
    written: str

    @classmethod
    def parse(cls, written: str) -> CodeId:
        """Return the id that a cell names.

        Raises:
            ValueError: the cell does not end in a number.

        """
        found = _CODE_ID.fullmatch(written.strip())
        if found is None:
            raise ValueError("the id of a code table ends in a number")
        return cls(found["business"], int(found["number"]), written)

    @property
    def municipality_decides(self) -> bool:
        """Tell whether the values are the municipality's own (自治体固有コード, 999)."""
        return not self.business and self.number == 999

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CodeId) and (self.business, self.number) == (
            other.business,
            other.number,
        )

    def __hash__(self) -> int:
        return hash((self.business, self.number))

    def __str__(self) -> str:
        return self.written
