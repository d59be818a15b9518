"""Reads over the national linkage API (庁内データ連携, REST)."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from adapters.mapping.sections import FieldPath, Section


class LinkageRead(Section):
    """One call of a provider in the shape of the nation: ``metadata``, ``_links``, ``result``.

    ``provider`` is the provider's 業務ID, ``call`` the APIコール名; both make the scope.
    ``{number}`` in a value of the body is the person's number, ``{settings.x}`` a setting.
    ``same`` are fields of ``result`` that every record about one person repeats.
    ``unknown_person`` are error codes that say that the person is not known there; an empty
    ``result`` says so by itself.

    Source: 共通機能標準仕様書 2.1, 2.2.5; API仕様 2.0 (POST, JSON).
    """

    provider: str = Field(pattern=r"^[0-9]{3}$")
    call: str = Field(pattern=r"^[a-z_]+/v[0-9]+/[a-z0-9_]+$")
    body: dict[str, Any] = Field(default_factory=dict)
    same: tuple[FieldPath, ...] = ()
    unknown_person: tuple[str, ...] = ()
    max_pages: int = Field(default=50, ge=1, le=10_000)

    @property
    def scope(self) -> str:
        """Return what a token must allow: 業務ID, call and kind of operation."""
        return f"{self.provider}:{self.call}:Read"

    @model_validator(mode="after")
    def _says_whose_records(self) -> Self:
        if "{number}" in str(self.body) and not self.same:
            msg = "a call about one person names in same the fields that tell whose records came"
            raise ValueError(msg)
        return self
