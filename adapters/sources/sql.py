"""A relational database, read-only, by the statements of the mapping."""

from __future__ import annotations

from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from adapters.deadline import Deadline
from adapters.errors import AdapterError, SourceTimeout, Unavailable, Unsupported
from adapters.mapping.model import Read
from adapters.network import Network
from adapters.sources.base import Slots
from adapters.sources.sql_databases import Rows, database_of
from adapters.sources.sql_dialects import open_engine
from adapters.sources.sql_errors import meaning_of

LONGEST_S = 60
"""After so many seconds a driver that cannot be interrupted gives up by itself."""


class SqlSource:
    """A database of a legacy product.

    Args:
        url: SQLAlchemy address; never logged.
        pool_size: connections that the product allows us.
        probe: a statement without a number that shows that the product answers; its first
            column is the product's version.
        network: of the host; each new connection goes to an address that it gives.
        longest_s: limit of the driver's own, in seconds, for products whose drivers block.

    Raises:
        ConfigurationError: the address cannot be used, or the driver is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int,
        probe: str,
        network: Network,
        longest_s: int = LONGEST_S,
    ) -> None:
        self._database = database_of(open_engine(url, pool_size, longest_s, network), pool_size)
        self._probe = probe
        self._statements: dict[str, TextClause] = {}

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return the rows of the statement, each a mapping by lower-case column name."""
        if read.sql is None:
            raise Unsupported("the read is not one of this transport")
        return await self._rows(read.sql.statement, dict(slots), deadline)

    async def ping(self, deadline: Deadline) -> str | None:
        """Return the version that the probe tells."""
        rows = await self._rows(self._probe, {}, deadline)
        return str(next(iter(rows[0].values()))).strip() if rows else None

    async def aclose(self) -> None:
        """Close every connection."""
        await self._database.aclose()

    async def _rows(self, statement: str, parameters: dict[str, Any], deadline: Deadline) -> Rows:
        clause = self._statements.setdefault(statement, text(statement))
        try:
            return await self._database.rows(clause, parameters, deadline)
        except TimeoutError:
            raise SourceTimeout("the database did not answer in time") from None
        except AdapterError:
            raise
        except SQLAlchemyError as error:
            raise meaning_of(error) from None
        except OSError as error:
            raise Unavailable(f"no connection ({type(error).__name__})") from None
