import datetime as dt
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy import select

from gateway.access import AccessRegistry, RegistrationError
from gateway.access.grants import GrantTerms
from gateway.store.tables import AuditRow, ClientRow
from tests.gateway.access.consumers import CLIENT, EC, NAME, PURPOSE, TOWN, public_jwks, register

DAY = dt.date(2026, 10, 1)


def one_key(**changes: Any) -> dict[str, Any]:
    member = {**EC.as_dict(private=False), "kid": "k", **changes}
    return {"keys": [{n: v for n, v in member.items() if v is not None}]}


@pytest.mark.parametrize(
    ("jwks", "said"),
    [
        (None, "JWK Set"),
        ([], "JWK Set"),
        ({"keys": []}, "JWK Set"),
        ({"keys": "all"}, "JWK Set"),
        ({"keys": [one_key()["keys"][0]] * 11}, "JWK Set"),
        (one_key(kid=None), "kid"),
        (one_key(kid=""), "kid"),
        ({"keys": one_key()["keys"] * 2}, "same kid"),
        ({"keys": [{**EC.as_dict(private=True), "kid": "k"}]}, "private"),
        ({"keys": [{**OctKey.generate_key(256).as_dict(private=True), "kid": "k"}]}, "private"),
        (one_key(x="AAAA"), "damaged"),
        (one_key(use="enc"), "signatures"),
        (one_key(alg="ES512"), "ES256"),
        (
            {"keys": [{**ECKey.generate_key("P-521").as_dict(private=False), "kid": "k"}]},
            "only EC P-256",
        ),
    ],
)
async def test_keys_that_cannot_be_trusted_are_not_registered(
    registry: AccessRegistry, jwks: object, said: str
):
    """The message says what is wrong with them."""
    with pytest.raises(RegistrationError) as refusal:
        await registry.add_client(CLIENT, name="N", contact="c", jwks=jwks)
    assert said in refusal.value.detail_en


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
async def test_a_short_rsa_key_is_not_registered(registry: AccessRegistry):
    """1024 bits can be broken."""
    key = RSAKey.generate_key(1024).as_dict(private=False)
    with pytest.raises(RegistrationError) as refusal:
        await registry.add_client(
            CLIENT, name="N", contact="c", jwks={"keys": [{**key, "kid": "k"}]}
        )
    assert "2048" in refusal.value.detail_en


@pytest.mark.parametrize("client_id", ["", "ab", "Online", "a b c", "-abc", "abc-", "x" * 65, "人"])
async def test_an_id_is_plain(registry: AccessRegistry, client_id: str):
    """It appears in logs, tokens and records."""
    with pytest.raises(RegistrationError):
        await registry.add_client(client_id, name="N", contact="c", jwks=public_jwks())


async def test_an_id_is_registered_once(registry: AccessRegistry):
    """The second registration changes nothing and leaves no record."""
    await register(registry)
    with pytest.raises(RegistrationError) as refusal:
        await registry.add_client(CLIENT, name="Other", contact="c", jwks=public_jwks())
    assert "registered already" in refusal.value.detail_en
    (client,) = await registry.list_clients()
    assert client.name == "Online"


async def test_what_is_needed_for_a_grant_must_exist(registry: AccessRegistry):
    """Client, purpose, item, and dates in order."""
    await register(registry)
    good = {"items": [NAME], "valid_from": DAY, "valid_to": None}
    wrong: list[tuple[tuple[str, str, str], dict[str, Any]]] = [
        ((TOWN, "nobody", PURPOSE), good),
        ((TOWN, CLIENT, "nothing"), good),
        (("999989", CLIENT, PURPOSE), good),
        ((TOWN, CLIENT, PURPOSE), good | {"items": ["001.juminkihonjoho.namae"]}),
        ((TOWN, CLIENT, PURPOSE), good | {"valid_to": dt.date(2026, 9, 30)}),
    ]
    for place, members in wrong:
        with pytest.raises(RegistrationError):
            await registry.propose_grant(*place, GrantTerms(**members))
    assert len((await registry.show_client(CLIENT))[1]) == 1


async def test_a_revoked_client_gets_no_grant_and_is_revoked_once(registry: AccessRegistry):
    """A revocation is final."""
    await register(registry)
    await registry.revoke_client(CLIENT)
    with pytest.raises(RegistrationError):
        await registry.propose_grant(
            TOWN, CLIENT, PURPOSE, GrantTerms(items=[NAME], valid_from=DAY, valid_to=None)
        )
    with pytest.raises(RegistrationError):
        await registry.revoke_client(CLIENT)


async def test_the_last_key_and_an_unknown_key_cannot_be_retired(registry: AccessRegistry):
    """A client without a key should be revoked instead."""
    await register(registry)
    for retire in (["ec-1", "rsa-1", "ed-1"], ["no-such-key"]):
        with pytest.raises(RegistrationError):
            await registry.rotate_keys(CLIENT, add=None, retire=retire)
    client, _ = await registry.show_client(CLIENT)
    assert [k["kid"] for k in client.jwks["keys"]] == ["ec-1", "rsa-1", "ed-1"]


async def test_a_grant_is_revoked_only_by_its_own_municipality(registry: AccessRegistry):
    """One installation serves several towns."""
    grant_id = await register(registry)
    with pytest.raises(RegistrationError):
        await registry.revoke_grant("999989", grant_id)
    await registry.revoke_grant(TOWN, grant_id)
    with pytest.raises(RegistrationError):
        await registry.revoke_grant(TOWN, grant_id)


async def test_every_change_is_recorded_with_what_was_before_and_after(
    registry: AccessRegistry, store
):
    """Kind settings, the function, who did it."""
    grant_id = await register(registry)
    await registry.rotate_keys(CLIENT, add=None, retire=["rsa-1"])
    await registry.revoke_grant(TOWN, grant_id)
    await registry.revoke_client(CLIENT)
    async with store.session() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.sequence))).all()
    said = [json.loads(row.entry) for row in rows]
    assert [(s["kind"], s["function"], s["terminal"]) for s in said] == [
        ("settings", "client-add", "test"),
        ("settings", "purpose-add", "test"),
        ("settings", "grant-propose", "test"),
        ("settings", "grant-approve", "second"),
        ("settings", "client-rotate-key", "test"),
        ("settings", "grant-revoke", "test"),
        ("settings", "client-revoke", "test"),
    ]
    assert said[2]["after"]["items"] == ["001.juminkihonjoho.shimei"]
    assert (said[3]["before"]["approved_by"], said[3]["after"]["approved_by"]) == (None, "second")
    assert said[4]["before"] == {"kids": ["ec-1", "rsa-1", "ed-1"]}
    assert said[4]["after"] == {"kids": ["ec-1", "ed-1"]}
    assert said[5]["before"]["valid_to"] == "2027-03-31"
    assert said[6]["before"] == {"revoked_at": None}


async def test_only_public_members_are_kept(registry: AccessRegistry, store):
    """Whatever else a client sent along is dropped."""
    await registry.add_client(
        CLIENT, name="N", contact="c", jwks=one_key(x5u="https://x", note="n")
    )
    async with store.session() as session:
        row = await session.get_one(ClientRow, CLIENT)
    assert row.jwks["keys"][0].keys() == {"kty", "crv", "x", "y", "kid", "use"}
