"""The gateway of the demonstration: its files, its registrations, its process."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from joserfc.jwk import ECKey, KeyParameters

from examples.online_service.form import ITEMS
from examples.town.demo.legacy import LegacySystems
from examples.town.demo.places import Places
from examples.town.demo.processes import Process
from examples.town.demo.residents import TownResident
from gateway.access.grants import GrantTerms
from gateway.access.limits import Bases
from gateway.access.registry import AccessRegistry
from gateway.access.store import AccessStore
from gateway.clock import TOKYO, SystemClock
from gateway.keys import FileKeyStore
from gateway.routes.service import RouteService
from gateway.routes.store import RouteStore
from gateway.settings import beside
from gateway.store.engine import Store, open_store
from gateway.store.migrate import upgrade
from gateway.store.my_number_tables import MY_NUMBER_SCHEMA
from gateway.subjects.links import read_link_file
from gateway.subjects.service import SubjectService
from gateway.subjects.store import SubjectStore
from standard_models.builtin import load_builtin
from standard_models.dictionary import Dictionary

MUNICIPALITY: Final = "999997"
PURPOSE: Final = "jidoteate-ninteiseikyu"
CLIENT_ID: Final = "hitotsu-online-shinsei"
ACTOR: Final = "demo"
APPROVER: Final = "demo-second"

ROUTES: Final = {
    "reference-resident": (
        "001.juminkihonjoho",
        "001.setaiinjoho",
        "001.gaikokujinjuminjoho",
    ),
    "reference-tax": (
        "010.kazeikihonjoho",
        "010.shotokujoho",
        "010.fuyoshinzokujoho",
        "010.sofusakijoho",
        "031.jutogaishaatenakihonjoho",
    ),
    "reference-welfare": (
        "022.techojoho",
        "023.shikakujoho",
        "023.ninteijoho",
        "024.fukameisaijoho",
        "027.jukyushikakujoho",
        "027.jidojoho",
    ),
}
"""Which adapter answers for which group."""


class GatewaySetup:
    """Prepares the gateway of one run on the given port; doing it again changes nothing."""

    def __init__(self, places: Places, legacy: LegacySystems, port: int) -> None:
        self._places = places
        self._legacy = legacy
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.database_url = f"sqlite+aiosqlite:///{places.gateway / 'hitotsu.db'}"
        self.keys_dir = places.gateway / "keys"
        self.adapters_file = places.gateway / "adapters.yaml"
        self.client_key = places.service / "key.json"

    async def prepare(self, residents: Sequence[TownResident]) -> Mapping[str, str]:
        """Make database, keys, links, registrations and routes as far as they are missing.

        Returns:
            The online service's handle of each ready resident, by the resident's number.
        """
        self._places.gateway.mkdir(parents=True, exist_ok=True)
        self._write_adapters_file()
        keys = FileKeyStore(self.keys_dir)
        if not keys.path.exists():
            keys.create()
        store = open_store(self.database_url)
        my_numbers = open_store(beside(self.database_url), schema=MY_NUMBER_SCHEMA)
        try:
            await upgrade(store)
            await upgrade(my_numbers)
            await register(store, load_builtin(), CLIENT_ID, self._public_keys(), PURPOSE, ITEMS)
            await set_routes(store)
            subjects = SubjectService(SubjectStore(store), keys, clock=SystemClock())
            await self._import_links(subjects)
            return {r.number: await handle_of(subjects, CLIENT_ID, r.number) for r in residents}
        finally:
            await my_numbers.aclose()
            await store.aclose()

    def process(self) -> Process:
        """Return the gateway's process."""
        arguments = ("-m", "gateway.cli", "serve", "--host", "127.0.0.1", "--port", str(self.port))
        return Process(
            "gateway",
            arguments,
            log=self._places.logs / "gateway.log",
            environment=self.environment(),
            ready_url=f"{self.url}/ready",
        )

    def environment(self) -> dict[str, str]:
        """Return the gateway's settings."""
        return {
            "HITOTSU_DATABASE_URL": self.database_url,
            "HITOTSU_PUBLIC_URL": self.url,
            "HITOTSU_KEYS_DIR": str(self.keys_dir),
            "HITOTSU_ADAPTERS_FILE": str(self.adapters_file),
            "HITOTSU_STATE_PAGE": "true",
        }

    async def _import_links(self, subjects: SubjectService) -> None:
        rows = read_link_file((self._places.town / "bangotaisho.csv").read_bytes())
        await subjects.import_links(MUNICIPALITY, rows, anchor="resident", actor=ACTOR)

    def _write_adapters_file(self) -> None:
        port = self._legacy.port
        settings: dict[str, dict[str, Any]] = {
            "reference-resident": {
                "database_url": "postgresql+asyncpg://machi_ro:machi-ro@127.0.0.1:"
                f"{port('resident')}/juki"
            },
            "reference-tax": {
                "base_url": f"http://127.0.0.1:{port('tax')}",
                "api_key": "machi-zeimu-demo",
            },
            "reference-welfare": {
                "address": f"http://127.0.0.1:{port('welfare')}/fukushi/soap",
                "riyosha_id": "MACHI01",
            },
        }
        # The systems of the demo have a clock of their own and say themselves when they are closed.
        adapters = [
            {"adapter": adapter, "municipality": MUNICIPALITY, "settings": values, "hours": {}}
            for adapter, values in settings.items()
        ]
        self.adapters_file.write_text(yaml.safe_dump({"adapters": adapters}), "utf-8")

    def _public_keys(self) -> dict[str, Any]:
        return {"keys": [client_key(self.client_key).as_dict(private=False)]}


def client_key(path: Path) -> ECKey:
    """Return the private key in the file, which is made if it is missing."""
    if not path.exists():
        parameters: KeyParameters = {"use": "sig", "alg": "ES256"}
        key = ECKey.generate_key("P-256", parameters, private=True, auto_kid=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(key.as_dict(private=True), file)
    return ECKey.import_key(json.loads(path.read_text("utf-8")))


async def register(
    store: Store,
    dictionary: Dictionary,
    client_id: str,
    jwks: Mapping[str, Any],
    purpose: str,
    items: Sequence[str],
) -> None:
    """Register purpose, client and grant of a consumer, as far as they are missing."""
    registry = AccessRegistry(AccessStore(store), dictionary, clock=SystemClock(), actor=ACTOR)
    if purpose not in {row.purpose_id for row in await registry.list_purposes(MUNICIPALITY)}:
        await registry.add_purpose(
            MUNICIPALITY,
            purpose,
            name_ja="児童手当の認定請求の受付と審査",
            name_en="Child allowance: receiving and examining applications",
            legal_basis="児童手当法（昭和46年法律第73号）第7条",
            organ="ひとつ市長",
            bases=Bases(tax="児童手当法（昭和46年法律第73号）第28条"),
        )
    if client_id not in {row.client_id for row in await registry.list_clients()}:
        await registry.add_client(
            client_id, name="ひとつ市 オンライン申請", contact="こども家庭課", jwks=jwks
        )
    _, grants = await registry.show_client(client_id)
    current = [g for g in grants if g.revoked_at is None and g.purpose_id == purpose]
    if [sorted(g.items) for g in current] == [sorted(items)]:
        return
    for grant in current:
        await registry.revoke_grant(MUNICIPALITY, grant.grant_id)
    row = await registry.propose_grant(
        MUNICIPALITY,
        client_id,
        purpose,
        GrantTerms(items=items, valid_from=dt.datetime.now(TOKYO).date(), valid_to=None),
    )
    second = AccessRegistry(AccessStore(store), dictionary, clock=SystemClock(), actor=APPROVER)
    await second.approve_grant(MUNICIPALITY, row.grant_id)


async def set_routes(store: Store) -> None:
    """Let each reference adapter answer for its groups."""
    routes = RouteService(RouteStore(store), SystemClock())
    current = {r.group: r.adapter_id for r in await routes.all(MUNICIPALITY)}
    for adapter, groups in ROUTES.items():
        for group in groups:
            if current.get(group) != adapter:
                await routes.set(MUNICIPALITY, group, adapter, changed_by=ACTOR)


async def handle_of(subjects: SubjectService, client_id: str, number: str) -> str:
    """Return a consumer's handle of the person with this number in the resident system.

    Raises:
        LookupError: the town's 番号対照表 does not name this person.
    """
    subject = await subjects.find_by_number(MUNICIPALITY, "resident", number)
    if subject is None:
        raise LookupError("the ready resident is not in the link file")
    return subjects.handle_for(MUNICIPALITY, client_id, subject.subject_id)
