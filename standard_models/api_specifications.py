"""What an API specification says beyond its parameters: calls, response trees, error codes.

Source: API specification of a common function (共通機能 API仕様), sheets API概要 and レスポンス.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call (APIコール名) with its operation (操作種類)."""

    name: str
    operation: str


@dataclass(frozen=True, slots=True)
class ResponseNode:
    """One object of a response. ``level`` counts from 1, the response itself.

    ``data_type`` is as written (``X``, ``Ｎ``, ``構造化``, ``配列構造化`` …); ``length`` is None
    where the specification gives none. ``fixed`` is the text that a response always carries.
    """

    status: int
    level: int
    name: str
    label: str
    required: bool
    nullable: bool
    data_type: str
    length: int | None
    fixed: str | None


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error code, its name and the wording of its message with 【…】 as place holders."""

    code: str
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class ApiSpecification:
    """Calls, response trees by HTTP status in reading order, and error codes."""

    calls: tuple[ApiCall, ...]
    responses: tuple[ResponseNode, ...]
    errors: tuple[ApiError, ...]

    def response(self, status: int) -> tuple[ResponseNode, ...]:
        """Return the tree of this HTTP status, empty if the specification has none."""
        return tuple(node for node in self.responses if node.status == status)

    def to_plain(self) -> dict[str, Any]:
        """Return the specification as the content of ``api.yaml``."""
        return {
            "calls": [asdict(call) for call in self.calls],
            "responses": [asdict(node) for node in self.responses],
            "errors": [asdict(error) for error in self.errors],
        }

    @classmethod
    def from_plain(cls, content: Mapping[str, Any]) -> ApiSpecification:
        """Return the specification that ``to_plain`` wrote.

        Raises:
            KeyError, TypeError: an entry is missing or unknown.
        """
        return cls(
            tuple(ApiCall(**entry) for entry in content["calls"]),
            tuple(ResponseNode(**entry) for entry in content["responses"]),
            tuple(ApiError(**entry) for entry in content["errors"]),
        )
