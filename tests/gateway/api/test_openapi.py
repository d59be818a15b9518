"""The machine-readable description: complete, in Japanese, and its examples work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.api.town import Town

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


@pytest.fixture
def document(town: Town) -> dict[str, Any]:
    """The description of the town's application."""
    return town.app().openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of every operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def examples(operation: dict[str, Any]) -> Iterator[Any]:
    """Yield every documented JSON body."""
    content = operation.get("requestBody", {}).get("content", {})
    for example in content.get("application/json", {}).get("examples", {}).values():
        yield example["value"]


def test_every_operation_and_tag_is_labelled_in_japanese(document: dict[str, Any]) -> None:
    """With a short English twin behind a stroke."""
    for _, path, operation in operations(document):
        assert JAPANESE.search(operation["summary"]), path
        assert " / " in operation["summary"], path
        assert operation["tags"], path
    for tag in document["tags"]:
        assert JAPANESE.search(tag["description"])
    assert document["paths"]["/v1/catalogue"]["get"]["tags"] == ["項目カタログ / Catalogue"]
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert used <= {tag["name"] for tag in document["tags"]}


def test_refusals_are_documented_as_problems_only(document: dict[str, Any]) -> None:
    """The framework's own error shape is nowhere."""
    for _, path, operation in operations(document):
        for status, response in operation["responses"].items():
            if not status.startswith("2"):
                assert list(response["content"]) == ["application/problem+json"], path
                assert response["content"]["application/problem+json"]["examples"], path
    assert "ValidationError" not in str(document)
    assert "x-problems" not in str(document)


def test_an_operation_lists_the_statuses_it_can_end_with(document: dict[str, Any]) -> None:
    """By its body, its parameters, its token and what its room declares."""
    asked = document["paths"]["/v1/asked"]["post"]
    refused = document["paths"]["/v1/refused"]["get"]
    group = document["paths"]["/v1/catalogue/{group}"]["get"]
    body = ["400", "401", "406", "408", "413", "415", "422", "429", "431", "500", "503"]
    assert sorted(asked["responses"]) == ["200", *body]
    assert sorted(refused["responses"]) == ["200", "400", "431", "500", "503"]
    assert sorted(group["responses"]) == ["200", "400", "404", "406", "422", "431", "500", "503"]
    unprocessable = asked["responses"]["422"]["content"]["application/problem+json"]
    assert sorted(unprocessable["examples"]) == ["invalid-body", "unknown-item"]


def test_a_body_is_described_with_the_models_within_it(document: dict[str, Any]) -> None:
    """Every reference leads somewhere."""
    schemas = document["components"]["schemas"]
    body = document["paths"]["/v1/asked"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"]["purpose"]["maxLength"] == 10
    assert "handle" in schemas["Asked__Person"]["properties"]
    for reference in re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(document)):
        assert reference in schemas


def test_tokens_come_by_client_credentials(document: dict[str, Any]) -> None:
    """From the token endpoint of this gateway."""
    schemes = document["components"]["securitySchemes"]
    flow = schemes["client_credentials"]["flows"]["clientCredentials"]
    assert flow == {"tokenUrl": "https://gateway.town.test/oauth/token", "scopes": {}}
    assert document["paths"]["/v1/asked"]["post"]["security"] == [
        {"client_credentials": []},
        {"dpop": []},
    ]
    assert "security" not in document["paths"]["/v1/catalogue"]["get"]


async def test_every_documented_example_works(
    client: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    """Bodies are sent, addresses filled in and asked as they stand in the description."""
    sent = 0
    for method, path, operation in operations(document):
        for body in examples(operation):
            response = await client.request(method, path, json=body)
            assert response.status_code == 200, path
            sent += 1
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "header":
                continue
            found = parameter.get("example") or _first(parameter)
            address = path.replace(f"{{{parameter['name']}}}", found)
            query = {parameter["name"]: found} if parameter["in"] == "query" else {}
            required = {"group": "001.juminkihonjoho"}
            response = await client.get(address.format(**required), params=query)
            assert response.status_code == 200, path
            sent += 1
    assert sent == 4


def _first(parameter: dict[str, Any]) -> str:
    examples = parameter.get("examples") or parameter["schema"]["examples"]
    first: str = examples[0]
    return first


async def test_the_description_is_served_and_kept(client: httpx.AsyncClient) -> None:
    """With an entity tag."""
    response = await client.get("/openapi.json")
    tag = response.headers["etag"]
    again = await client.get("/openapi.json", headers={"If-None-Match": tag})
    assert response.json()["openapi"] == "3.1.0"
    assert response.json()["info"]["version"] == "1.2.3"
    assert again.status_code == 304


@pytest.mark.parametrize("address", ["/docs", "/problems", "/problems/not-found"])
async def test_pages_allow_nothing_inline_and_nothing_from_outside(
    client: httpx.AsyncClient, address: str
) -> None:
    """By policy, and in what they hold."""
    response = await client.get(address)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"""(src|href|action)=["'](https?:)?//""", response.text)
    assert not re.search(r"<style|style=|<script>|onclick=|javascript:", response.text)


@pytest.mark.parametrize(
    "folder", ["gateway/api/assets", "gateway/pages/assets"], ids=["api", "pages"]
)
def test_every_file_of_others_has_a_licence_entry(folder: str) -> None:
    """Each file in the folder is named in its LICENCES.md."""
    root = Path(__file__).parents[3] / folder
    listed = (root / "LICENCES.md").read_text("utf-8")
    files = {file.name for file in root.iterdir()} - {"LICENCES.md"}
    assert files
    assert [name for name in sorted(files) if f"`{name}`" not in listed] == []
