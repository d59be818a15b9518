"""Facts in the catalogue: what can be asked, and whose data it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from gateway.api.application import ApiOptions, build_api
from gateway.api.catalogue import Catalogue, Supplier, catalogue_router
from gateway.logs import open_log
from gateway.metrics import Metrics
from gateway.predicates import Predicates, with_predicates
from standard_models.builtin import load_builtin

URL = "https://hitotsu.example.jp"


class ResidentAlone:
    """A town with one system."""

    async def by_group(self) -> Mapping[str, Sequence[Supplier]]:
        supplier = [Supplier("999997", "reference-resident", "住民記録システム")]
        sources = Predicates.of(load_builtin()).sources
        facts = {g: supplier for g, source in sources.items() if source.startswith("001.")}
        return {"001.juminkihonjoho": supplier, **facts}


async def test_facts_are_listed_beside_the_businesses_with_their_codes() -> None:
    """By business, by word and by group; the values of a judgement are in its code list."""
    catalogue = Catalogue(with_predicates(load_builtin()), ResidentAlone())
    app = build_api(
        ApiOptions(URL, "1"),
        routers=[catalogue_router(catalogue)],
        log=open_log("error"),
        metrics=Metrics(),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        listed = (await client.get("/v1/catalogue?business=hantei")).json()
        found = (await client.get("/v1/catalogue", params={"q": "18歳以上"})).json()
        group = (await client.get("/v1/catalogue/hantei.jumin")).json()
        refused = await client.get("/v1/catalogue?business=abc")
    assert listed["item_count"] == 10
    [facts] = listed["businesses"]
    supplied = {g["ref"]: len(g["supplied_by"]) for g in facts["groups"]}
    assert (supplied["hantei.jumin"], supplied["hantei.kazei"]) == (1, 0)
    refs = [i["ref"] for b in found["businesses"] for g in b["groups"] for i in g["items"]]
    assert refs == ["hantei.jumin.nenrei_18_ijo"]
    adult = next(i for i in group["items"] if i["field_name"] == "nenrei_18_ijo")
    assert {"yes", "no", "undecidable"} == {v["value"] for v in adult["code_list"]["values"]}
    assert refused.status_code == 422
