"""HTTP of the catalogue."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from gateway.api.bodies import require_acceptable
from gateway.api.catalogue.schemas import CatalogueDocument, CatalogueQuery, Group
from gateway.api.catalogue.service import Catalogue
from gateway.api.openapi import problem_responses
from gateway.pages import entity_tag, with_entity_tag
from gateway.problems import Problem

_CACHE_CONTROL = "public, max-age=60"
"""A minute, because a cutover changes who supplies a group."""


def catalogue_router(catalogue: Catalogue) -> APIRouter:
    """Return the router of ``GET /v1/catalogue`` and ``GET /v1/catalogue/{group}``."""
    router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])

    @router.get(
        "",
        summary="聞ける項目の一覧 / What can be asked",
        description=(
            "業務・グループ・データ項目と、提供するシステム。トークンは要らない / "
            "Businesses, groups and items with who supplies them. Needs no token."
        ),
        response_model=CatalogueDocument,
        responses=problem_responses("not-acceptable"),
    )
    async def overview(request: Request, query: Annotated[CatalogueQuery, Query()]) -> Response:
        require_acceptable(request)
        found = await catalogue.overview(business=query.business, text=query.q)
        return _cacheable(request, found)

    @router.get(
        "/{group}",
        summary="グループの詳細とコード表 / A group with its code tables",
        description="項目の説明とコード値まで / Down to definitions and code values.",
        response_model=Group,
        responses=problem_responses("not-found", "not-acceptable"),
    )
    async def group(
        request: Request,
        group: Annotated[
            str,
            Path(
                title="グループ",
                description="業務ID.グループ（ローマ字） / business.group",
                max_length=100,
                examples=["001.juminkihonjoho"],
            ),
        ],
    ) -> Response:
        require_acceptable(request)
        found = await catalogue.find_group(group)
        if found is None:
            raise Problem(
                "not-found",
                "この参照名のグループは登録されている版にありません。",
                "No installed edition has a group of this reference.",
            )
        return _cacheable(request, found)

    return router


def _cacheable(request: Request, content: Any) -> Response:
    body = orjson.dumps(content)
    return with_entity_tag(
        request,
        body,
        tag=entity_tag(body),
        media_type="application/json",
        cache_control=_CACHE_CONTROL,
    )
