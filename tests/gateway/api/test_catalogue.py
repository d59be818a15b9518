"""The catalogue: what can be asked, found by whatever name one knows."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gateway.api.catalogue.schemas import CatalogueDocument, Group


def refs(document: Any) -> list[str]:
    """Return the references of all items."""
    return [i["ref"] for b in document["businesses"] for g in b["groups"] for i in g["items"]]


async def test_the_catalogue_holds_every_business_without_a_token(
    client: httpx.AsyncClient,
) -> None:
    """With labels in both languages, and marked where it is not the official list."""
    document = (await client.get("/v1/catalogue")).json()
    businesses = {b["id"]: b for b in document["businesses"]}
    assert set(businesses) >= {"001", "010", "022", "023", "027", "031"}
    assert businesses["001"]["label"] == "住民基本台帳"
    assert businesses["001"]["label_en"] == "Resident register"
    assert businesses["001"]["provisional"] is True
    assert businesses["031"]["provisional"] is False
    assert document["item_count"] == len(refs(document))


async def test_an_item_tells_type_length_and_code_table(client: httpx.AsyncClient) -> None:
    """As the edition's list has them; where a place of living follows from it is not told."""
    group = (await client.get("/v1/catalogue/001.juminkihonjoho")).json()
    items = {item["field_name"]: item for item in group["items"]}
    sex = dict(items["seibetsu"])
    definition = sex.pop("definition")
    codes = sex.pop("code_list")
    assert sex == {
        "ref": "001.juminkihonjoho.seibetsu",
        "item_id": "001P0019",
        "field_name": "seibetsu",
        "label": "性別",
        "label_en": "Sex",
        "type": "X",
        "length": 1,
        "fraction": 0,
        "repeat": None,
        "condition": "任意",
        "primary_key": False,
        "allows_unknown_date": False,
        "provisional": True,
    }
    assert isinstance(definition, str)
    assert {"value": "2", "label": "女"} in codes["values"]
    assert items["seinengappi"]["allows_unknown_date"] is True
    assert items["shimei"]["code_list"] is None


async def test_a_group_tells_who_supplies_it(client: httpx.AsyncClient) -> None:
    """Adapter and system; a group that nobody supplies says so with an empty list."""
    resident = (await client.get("/v1/catalogue/001.juminkihonjoho")).json()
    tax = (await client.get("/v1/catalogue/010.kazeikihonjoho")).json()
    assert resident["supplied_by"] == [
        {
            "municipality": "999997",
            "adapter_id": "reference-resident",
            "system_name": "住民記録システム",
        }
    ]
    assert tax["supplied_by"] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("生年月日", "001.juminkihonjoho.seinengappi"),
        ("Date of Birth", "001.juminkihonjoho.seinengappi"),
        ("SEINENGAPPI", "001.juminkihonjoho.seinengappi"),
        ("ｓｅｉｎｅｎｇａｐｐｉ", "001.juminkihonjoho.seinengappi"),
        ("001P0020", "001.juminkihonjoho.seinengappi"),
        ("１６歳未満", "010.kazeikihonjoho.jurokusaimimanfuyoninzu"),
        ("16歳未満", "010.kazeikihonjoho.jurokusaimimanfuyoninzu"),
    ],
)
async def test_an_item_is_found_by_any_of_its_names(
    client: httpx.AsyncClient, text: str, found: str
) -> None:
    """Japanese, English, romaji or id; width and case do not matter."""
    document = (await client.get("/v1/catalogue", params={"q": text})).json()
    assert found in refs(document)
    assert "001.juminkihonjoho.setaibango" not in refs(document)


async def test_the_name_of_a_group_finds_all_of_it(client: httpx.AsyncClient) -> None:
    """Its items stay together."""
    document = (await client.get("/v1/catalogue", params={"q": "世帯員情報"})).json()
    groups = [g["ref"] for b in document["businesses"] for g in b["groups"]]
    whole = (await client.get("/v1/catalogue/001.setaiinjoho")).json()
    assert groups == ["001.setaiinjoho"]
    assert refs(document) == [item["ref"] for item in whole["items"]]


async def test_filters_narrow_each_other_down_to_nothing(client: httpx.AsyncClient) -> None:
    """Nothing found is an empty catalogue, not an error."""
    of_tax = (await client.get("/v1/catalogue?business=010")).json()
    none = (await client.get("/v1/catalogue", params={"business": "010", "q": "続柄"})).json()
    assert {b["id"] for b in of_tax["businesses"]} == {"010"}
    assert none == {"item_count": 0, "businesses": []}


async def test_an_unchanged_catalogue_is_not_sent_again(client: httpx.AsyncClient) -> None:
    """By entity tag, weak or not; another filter has another tag."""
    first = await client.get("/v1/catalogue?business=001")
    tag = first.headers["etag"]
    again = await client.get("/v1/catalogue?business=001", headers={"If-None-Match": tag})
    weak = await client.get(
        "/v1/catalogue?business=001", headers={"If-None-Match": f'"other", W/{tag}'}
    )
    other = await client.get("/v1/catalogue?business=010", headers={"If-None-Match": tag})
    assert first.headers["cache-control"] == "public, max-age=60"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert weak.status_code == 304
    assert other.status_code == 200


async def test_the_documented_shape_is_the_shape_that_is_sent(client: httpx.AsyncClient) -> None:
    """Every member is documented, and nothing else is there."""
    CatalogueDocument.model_validate_json((await client.get("/v1/catalogue")).content)
    overview = (await client.get("/v1/catalogue")).json()
    for business in overview["businesses"]:
        for group in business["groups"]:
            answer = await client.get(f"/v1/catalogue/{group['ref']}")
            Group.model_validate_json(answer.content)
