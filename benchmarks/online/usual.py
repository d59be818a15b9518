"""The gateway as one would write it in an afternoon: FastAPI, pydantic, aiohttp, SQLAlchemy.

It checks a signed token, validates the question and the three answers, keeps the items asked for
and commits an audit row before it answers. No proofs, grants, handles, protection, or guard.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import aiohttp
from fastapi import Depends, FastAPI, Header, HTTPException
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

KEY = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": os.environ["KEY_X"],
                        "y": os.environ["KEY_Y"]})  # fmt: skip
SYSTEMS = os.environ["SYSTEMS"].split(",")


class Base(DeclarativeBase):
    """Tables."""


class AuditRow(Base):
    """Who asked what, when."""

    __tablename__ = "usual_audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    client: Mapped[str]
    number: Mapped[str]
    items: Mapped[str]


class Question(BaseModel):
    """A question."""

    number: str
    items: list[str] = []


class Record(BaseModel):
    """What a system says."""

    model_config = ConfigDict(extra="allow")


class Answer(BaseModel):
    """The answer."""

    number: str
    resident: dict[str, Any]
    tax: dict[str, Any]
    welfare: dict[str, Any]


engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10, max_overflow=10)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with aiohttp.ClientSession() as app.state.http:
        yield


app = FastAPI(lifespan=_lifespan)


async def session() -> AsyncIterator[AsyncSession]:
    """Lend a session."""
    async with sessions() as opened:
        yield opened


async def client(authorization: Annotated[str, Header()]) -> str:
    """Return who calls."""
    try:
        token = jwt.decode(authorization.removeprefix("Bearer "), KEY, algorithms=["ES256"])
        jwt.JWTClaimsRegistry(exp={"essential": True}).validate(token.claims)
    except JoseError:
        raise HTTPException(401) from None
    return str(token.claims["sub"])


async def _asked(number: str, system: str) -> Any:
    url = f"http://127.0.0.1:{system}/ask"
    async with app.state.http.post(url, json={"number": number}) as answer:
        answer.raise_for_status()
        return await answer.json()


@app.post("/ask")
async def ask(
    question: Question,
    caller: Annotated[str, Depends(client)],
    opened: Annotated[AsyncSession, Depends(session)],
) -> Answer:
    """Answer a question."""
    found = await asyncio.gather(*(_asked(question.number, system) for system in SYSTEMS))
    rows = [found[0][0], found[1]["kazei"][0], found[2]["JidoTeate"][0]]
    kept = [
        {k: v for n, (k, v) in enumerate(Record.model_validate(row).model_dump().items())
         if n % 2 == 0}
        for row in rows
    ]  # fmt: skip
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    opened.add(AuditRow(at=now, client=caller, number=question.number, items=str(question.items)))
    await opened.commit()
    return Answer(number=question.number, resident=kept[0], tax=kept[1], welfare=kept[2])
