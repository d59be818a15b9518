"""AT-6: calls that are for a citizen carry the proof of that citizen's login."""

import datetime as dt
import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.access import AccessRegistry, AccessService, RegistrationError
from gateway.access.grants import GrantTerms
from gateway.access.login_registry import LoginProviderRegistry
from gateway.access.logins import Login, LoginLevel, LoginRule, Provider, read_login
from gateway.access.schemas import TokenAnswer
from gateway.access.store import AccessStore
from gateway.access.tokens import Access
from gateway.keys import FileKeyStore
from gateway.problems import Problem
from gateway.store.tables import AuditRow, SourceNumberRow
from gateway.subjects import LinkFileError, LinkRow, SubjectService, SubjectStore
from gateway.subjects.logins import login_number
from standard_models.builtin import load_builtin
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import (
    CLIENT,
    ED,
    FOREIGN,
    ISSUER,
    NAME,
    PURPOSE,
    TOWN,
    approve,
    claims,
    public_jwks,
    register,
    request,
    sign,
)
from tests.gateway.access.proofs import verified

PROVIDER = "https://login.example.jp"
SEX = "001.juminkihonjoho.seibetsu"
CITIZEN = "citizen-1@login.example.jp"
CARD, PASSWORD = "urn:example:jpki", "urn:example:password"


def login_proof(clock: StoppedClock, *, key: Any = ED, **changes: Any) -> str:
    """Return what the provider signs when the citizen has logged in; None takes a claim away."""
    now = int(clock.now().timestamp())
    said = {
        "iss": PROVIDER,
        "sub": CITIZEN,
        "aud": ISSUER,
        "azp": CLIENT,
        "iat": now,
        "exp": now + 300,
        "auth_time": now,
        "acr": CARD,
        "jti": secrets.token_hex(8),
    } | changes
    content = {name: value for name, value in said.items() if value is not None}
    return sign(content, key=key, header={"alg": "EdDSA", "kid": "login"})


def link(line: int, number: str, login_id: str) -> LinkRow:
    """Return a line that says whose login it is."""
    return LinkRow(
        line, (("resident", number), login_number(PROVIDER, login_id)), "staff-confirmed"
    )


async def exchange(service: AccessService, clock: StoppedClock, proof: str) -> TokenAnswer:
    return await service.issue(request(sign(claims(clock)), subject_token=proof))


async def refusal(awaitable: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        await awaitable
    return caught.value


@pytest.fixture
def subjects(store, keys: FileKeyStore, clock: StoppedClock) -> SubjectService:
    return SubjectService(SubjectStore(store), keys, clock=clock)


@pytest.fixture
def providers(store, clock: StoppedClock) -> LoginProviderRegistry:
    return LoginProviderRegistry(AccessStore(store), load_builtin(), clock=clock, actor="test")


@pytest.fixture
async def linked(
    registry: AccessRegistry, providers: LoginProviderRegistry, subjects: SubjectService
) -> None:
    """A provider, two citizens linked to it, and a grant of 性別 for whoever used the card."""
    await register(registry)
    await providers.add(
        TOWN,
        PROVIDER,
        name="ログイン",
        jwks=public_jwks(login=ED),
        levels={CARD: 3, PASSWORD: 1},
    )
    rows = [
        LinkRow(
            n, (("resident", f"00000000{n:04}"), login_number(PROVIDER, who)), "staff-confirmed"
        )
        for n, who in ((1, CITIZEN), (2, "citizen-2"))
    ]
    await subjects.import_links(TOWN, rows, anchor="resident", actor="test")
    row = await registry.propose_grant(
        TOWN,
        CLIENT,
        PURPOSE,
        GrantTerms(items=[SEX], valid_from=dt.date(2026, 4, 1), login_level=3),
    )
    await approve(registry, row.grant_id)


@pytest.mark.usefixtures("linked")
async def test_a_login_is_exchanged_for_a_token_for_that_citizen(
    service: AccessService, clock: StoppedClock, subjects: SubjectService
):
    """RFC 8693: the answer brings the consumer's handle of the citizen with it."""
    answer = await exchange(service, clock, login_proof(clock))
    assert answer.issued_token_type == "urn:ietf:params:oauth:token-type:access_token"
    access = await verified(service, clock, answer.access_token)
    assert access.login == Login(str(answer.handle), LoginLevel.PUBLIC_KEY_CARD, clock.now())
    found = await subjects.find_by_number(TOWN, "resident", "000000000001")
    assert found is not None
    assert (await subjects.resolve(access, str(answer.handle))).subject_id == found.subject_id
    assert (await service.grants_of(access, PURPOSE)).items == {NAME, SEX}


@pytest.mark.usefixtures("linked")
async def test_the_token_of_one_citizen_is_no_good_for_another(
    service: AccessService, clock: StoppedClock, subjects: SubjectService, keys: FileKeyStore
):
    """403 for whoever else, though the consumer has a handle; an old handle of theirs is fine."""
    first = await exchange(service, clock, login_proof(clock))
    second = await exchange(service, clock, login_proof(clock, sub="citizen-2"))
    access = await verified(service, clock, first.access_token)
    problem = await refusal(subjects.resolve(access, str(second.handle)))
    assert (problem.type.slug, problem.type.status) == ("login-other-subject", 403)
    keys.rotate_handles(clock.now() + dt.timedelta(days=1))
    renewed = await exchange(service, clock, login_proof(clock))
    assert renewed.handle != first.handle
    access = await verified(service, clock, renewed.access_token)
    same = await subjects.resolve(access, str(first.handle))
    assert same == await subjects.resolve(access, str(renewed.handle))


@pytest.mark.usefixtures("linked")
async def test_a_low_level_does_not_open_what_needs_the_card(
    service: AccessService, clock: StoppedClock
):
    """The problem says what login is needed (RFC 9470)."""
    answer = await exchange(service, clock, login_proof(clock, acr=PASSWORD))
    access = await verified(service, clock, answer.access_token)
    granted = await service.grants_of(access, PURPOSE)
    assert granted.items == {NAME}
    with pytest.raises(Problem) as caught:
        granted.require_login([NAME, SEX])
    problem = caught.value
    assert (problem.type.slug, problem.type.status) == ("login-needed", 401)
    assert problem.extensions["login_level"] == 3
    assert (
        'error="insufficient_user_authentication", max_age="300"'
        in (problem.headers["WWW-Authenticate"])
    )
    granted.require_login([NAME])
    granted.require_login([NAME, SEX, "010.kazeikihonjoho.gokeishotokukingaku"])


@pytest.mark.usefixtures("linked")
async def test_an_old_login_closes_what_it_had_opened(service: AccessService, clock: StoppedClock):
    """The age counts from the login itself, not from the token or the proof."""
    early = int(clock.now().timestamp()) - 290
    answer = await exchange(service, clock, login_proof(clock, auth_time=early))
    access = await verified(service, clock, answer.access_token)
    clock.advance(seconds=10)
    assert SEX in (await service.grants_of(access, PURPOSE)).items
    clock.advance(seconds=1)
    assert SEX not in (await service.grants_of(access, PURPOSE)).items
    clock.advance(seconds=-11)
    answer = await exchange(service, clock, login_proof(clock, auth_time=early - 86_400))
    access = await verified(service, clock, answer.access_token)
    assert SEX not in (await service.grants_of(access, PURPOSE)).items


async def test_without_a_login_nothing_behind_one_is_granted(
    service: AccessService, clock: StoppedClock, linked: None
):
    """A token of the client alone is for whoever, and opens the other grants."""
    answer = await service.issue(request(sign(claims(clock))))
    assert (answer.handle, answer.issued_token_type) == (None, None)
    access = await verified(service, clock, answer.access_token)
    assert access.login is None
    granted = await service.grants_of(access, PURPOSE)
    assert (granted.items, granted.behind_login) == ({NAME}, {SEX})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iss": "https://other.example.jp"}, "not registered"),
        ({"aud": "https://elsewhere.example.jp"}, "for this consumer"),
        ({"azp": "another-service"}, "for this consumer"),
        ({"azp": None}, "for this consumer"),
        ({"aud": [ISSUER, "x"], "azp": "another-service"}, "for this consumer"),
        ({"aud": [CLIENT, "x"], "azp": None}, "for this consumer"),
        ({"exp": 1790816400}, "expired"),
        ({"exp": None}, "exp is not a time"),
        ({"iat": 1790816400 + 31}, "iat lies"),
        ({"auth_time": 1790816400 + 31}, "auth_time lies"),
        ({"auth_time": None}, "auth_time is not"),
        ({"auth_time": True}, "auth_time is not"),
        ({"acr": "urn:example:unknown"}, "acr"),
        ({"acr": None}, "acr"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"key": FOREIGN}, "signature"),
    ],
)
@pytest.mark.usefixtures("linked")
async def test_a_proof_that_is_not_right_is_refused(
    service: AccessService, clock: StoppedClock, changes: dict[str, Any], said: str
):
    """400 with the reason and the OAuth error; no token."""
    if "key" in changes:
        proof = sign({"iss": PROVIDER}, key=FOREIGN, header={"alg": "ES256", "kid": "login"})
        said = "key"
    else:
        proof = login_proof(clock, **changes)
    problem = await refusal(exchange(service, clock, proof))
    assert (problem.type.slug, problem.type.status) == ("login-invalid", 400)
    assert said in problem.detail_en
    assert problem.extensions["error"] == "invalid_request"


@pytest.mark.parametrize("changes", [{"aud": CLIENT, "azp": None}, {"aud": [ISSUER, "x"]}])
@pytest.mark.usefixtures("linked")
async def test_an_id_token_for_the_consumer_itself_is_a_proof_too(
    service: AccessService, clock: StoppedClock, changes: dict[str, Any]
):
    """Where the consumer is registered with the provider under the same id."""
    assert (await exchange(service, clock, login_proof(clock, **changes))).handle


async def test_a_login_that_nobody_has_linked_is_of_nobody(
    service: AccessService, clock: StoppedClock, linked: None, store
):
    """403; neither proof nor id of the citizen are written down anywhere."""
    problem = await refusal(exchange(service, clock, login_proof(clock, sub="citizen-3@mail")))
    assert (problem.type.slug, problem.type.status) == ("login-not-linked", 403)
    async with store.session() as session:
        entries = [row.entry for row in (await session.scalars(select(AuditRow))).all()]
        numbers = [row.number for row in (await session.scalars(select(SourceNumberRow))).all()]
    assert any('"problem":"login-not-linked"' in entry for entry in entries)
    assert "citizen" not in "".join(entries + numbers)


@pytest.mark.usefixtures("linked")
async def test_a_provider_whose_word_is_no_longer_taken(
    service: AccessService, clock: StoppedClock, providers: LoginProviderRegistry
):
    """New keys take the place of the old ones at once; a revoked provider proves nothing."""
    await providers.rotate_keys(TOWN, PROVIDER, public_jwks(login_2=ED))
    problem = await refusal(exchange(service, clock, login_proof(clock)))
    assert "key" in problem.detail_en
    await providers.revoke(TOWN, PROVIDER)
    problem = await refusal(exchange(service, clock, login_proof(clock)))
    assert "not registered" in problem.detail_en
    with pytest.raises(RegistrationError):
        await providers.revoke(TOWN, PROVIDER)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://login.example.jp"},
        {"issuer": "https://x/" + "y" * 200},
        {"levels": {}},
        {"levels": {CARD: 4}},
        {"levels": {"": 1}},
        {"jwks": {"keys": [{**ED.as_dict(private=True), "kid": "login"}]}},
        {"name": " "},
    ],
    ids=["no-https", "long", "no-level", "level-4", "no-acr", "private-key", "no-name"],
)
async def test_a_provider_that_cannot_be_registered(
    providers: LoginProviderRegistry, changes: dict[str, Any]
):
    """Nothing is written."""
    good = {"issuer": PROVIDER, "name": "n", "jwks": public_jwks(login=ED), "levels": {CARD: 3}}
    members = good | changes
    with pytest.raises(RegistrationError):
        await providers.add(TOWN, members.pop("issuer"), **members)
    assert await providers.all(TOWN) == []


@pytest.mark.parametrize(("level", "age"), [(0, 300), (4, 300), (None, 300), (1, 0), (1, 86_401)])
async def test_a_grant_asks_for_a_login_that_there_is(
    registry: AccessRegistry, level: int | None, age: int
):
    """Levels 1 to 3, an age of a day at most, and no age without a level."""
    await register(registry)
    with pytest.raises(RegistrationError):
        await registry.propose_grant(
            TOWN,
            CLIENT,
            PURPOSE,
            GrantTerms(
                items=[SEX],
                valid_from=dt.date(2026, 4, 1),
                login_level=level,
                login_max_age_s=age,
            ),
        )


async def test_a_login_is_linked_to_persons_who_are_known_alone(subjects: SubjectService, linked):
    """A mistyped number makes nobody new; and nobody gets the login of another."""
    unknown = LinkRow(
        7, (("resident", "000000000099"), login_number(PROVIDER, "new")), "staff-confirmed"
    )
    with pytest.raises(LinkFileError) as refused:
        await subjects.import_links(
            TOWN, [unknown], anchor="resident", actor="test", only_known=True
        )
    assert [row.line for row in refused.value.rows] == [7]
    taken = LinkRow(
        1, (("resident", "000000000002"), login_number(PROVIDER, CITIZEN)), "staff-confirmed"
    )
    with pytest.raises(LinkFileError):
        await subjects.import_links(TOWN, [taken], anchor="resident", actor="test", only_known=True)


@given(
    level=st.sampled_from(LoginLevel),
    needed=st.sampled_from(LoginLevel),
    age=st.integers(0, 600),
    most=st.integers(1, 600),
)
def test_a_rule_is_met_by_a_level_that_is_high_enough_and_a_login_that_is_new_enough(
    level: LoginLevel, needed: LoginLevel, age: int, most: int
):
    """Both, and only both."""
    now = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    rule = LoginRule(needed, dt.timedelta(seconds=most))
    login = Login("h1-x", level, now - dt.timedelta(seconds=age))
    assert rule.is_met(login, now) == (level >= needed and age <= most)
    assert not rule.is_met(None, now)


def test_a_clock_that_is_a_little_ahead_makes_no_login_of_the_future(clock: StoppedClock):
    """It counts as of now, so that it cannot last longer than it should."""
    provider = Provider(PROVIDER, public_jwks(login=ED), {CARD: LoginLevel.PUBLIC_KEY_CARD})
    ahead = int(clock.now().timestamp()) + 20
    found = read_login(
        login_proof(clock, auth_time=ahead),
        provider,
        client_id=CLIENT,
        audience=ISSUER,
        now=clock.now(),
    )
    assert found.at == clock.now()
    assert CITIZEN not in repr(found)


def test_an_access_shows_no_handle_in_its_text():
    """It might stand in a log."""
    login = Login("h1-secret", LoginLevel.TWO_FACTORS, dt.datetime(2026, 10, 1, tzinfo=dt.UTC))
    assert "h1-secret" not in repr(Access("c", TOWN, PURPOSE, "t", "k", login=login))
