import httpx
import pytest

from gateway.access.dpop import token_digest
from gateway.access.routes import token_router
from gateway.api.application import ApiOptions, build_api
from gateway.logs import open_log
from gateway.metrics import Metrics
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import ISSUER, TOWN, claims, proof, request, sign
from tests.gateway.accesses.conftest import MY_PAGE, Residents
from tests.gateway.questions.conftest import NAME


@pytest.fixture
async def http(residents: Residents):
    app = build_api(
        ApiOptions(public_url=ISSUER, version="0", max_body_bytes=2_000),
        routers=[residents.router(), token_router(residents.access)],
        log=open_log("error"),
        metrics=Metrics(),
        readiness=[],
    )
    transport = httpx.ASGITransport(app, client=("192.0.2.4", 5000))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as client:
        yield client


async def get(
    http: httpx.AsyncClient, residents: Residents, clock: StoppedClock, path: str, **query: str
) -> httpx.Response:
    """Call with a token for the purpose and a proof of the key."""
    assertion = sign(claims(clock, iss=MY_PAGE, sub=MY_PAGE))
    token = (await residents.access.issue(request(assertion, purpose=MY_PAGE))).access_token
    made = proof(
        clock.now().timestamp(),
        htm="GET",
        htu=f"{ISSUER}{path}",
        ath=token_digest(token),
        nonce=residents.access.nonce(),
    )
    headers = {"Authorization": f"DPoP {token}", "DPoP": made}
    return await http.get(path, params=query, headers=headers)


async def test_the_list_over_http(http, residents: Residents, clock: StoppedClock):
    """With a token and its proof; not stored on the way; a page continues by its cursor."""
    for _ in range(2):
        await residents.world.ask(NAME)
    path = f"/v1/subjects/{residents.handle('ordinary')}/accesses"
    first = await get(http, residents, clock, path, limit="1")
    assert first.status_code == 200, first.text
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["dpop-nonce"]
    body = first.json()
    assert (body["municipality"], len(body["accesses"])) == (TOWN, 1)
    # The look at the first page is a use by now, and the newest one; older ones follow.
    second = await get(http, residents, clock, path, limit="1", cursor=body["next"])
    assert second.json()["accesses"][0]["record_id"] != body["accesses"][0]["record_id"]


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ({"limit": "0"}, 422, None),
        ({"limit": "101"}, 422, None),
        ({"limit": "many"}, 422, None),
        ({"cursor": "nonsense"}, 400, "cursor-invalid"),
    ],
)
async def test_a_wrong_query_is_a_problem_document(
    http, residents: Residents, clock: StoppedClock, query, status: int, slug: str | None
):
    """Named by its place, and what was sent comes not back."""
    path = f"/v1/subjects/{residents.handle('ordinary')}/accesses"
    answer = await get(http, residents, clock, path, **query)
    assert answer.headers["content-type"] == "application/problem+json"
    assert 400 <= answer.status_code < 500
    assert answer.status_code == status
    assert slug is None or slug in answer.json()["type"]
    assert "nonsense" not in answer.text


async def test_without_a_token_nothing_is_shown(http, residents: Residents):
    """The same as everywhere."""
    answer = await http.get(f"/v1/subjects/{residents.handle('ordinary')}/accesses")
    assert answer.status_code == 401


async def test_an_unknown_handle_is_not_found(http, residents: Residents, clock: StoppedClock):
    """PL-11: the handle of another consumer as well."""
    path = f"/v1/subjects/{residents.handle('ordinary', 'online-service')}/accesses"
    answer = await get(http, residents, clock, path)
    assert answer.status_code == 404
    assert "unknown-subject" in answer.json()["type"]
