"""What errors of databases mean: by SQLSTATE, by the numbers of the products, by their class.

Only codes are read from an error. Its text may quote a statement or a content.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    RateLimited,
    SourceTimeout,
    Unavailable,
)

Meaning = type[AdapterError]

SQLSTATES: Final[tuple[tuple[str, Meaning], ...]] = (
    ("28", AuthenticationFailed),
    ("25006", ConfigurationError),
    ("25000", ConfigurationError),
    ("42501", AuthenticationFailed),
    ("42502", AuthenticationFailed),
    ("3D", ConfigurationError),
    ("42", ConfigurationError),
    ("54", ConfigurationError),
    ("57014", SourceTimeout),
    ("HYT", SourceTimeout),
    ("53300", RateLimited),
    ("57030", RateLimited),
    ("53", Unavailable),
    ("55", Unavailable),
    ("57", Unavailable),
    ("58", Unavailable),
    ("08", Unavailable),
    ("40", Unavailable),
    ("22", BadAnswer),
)
"""What each SQLSTATE (or class of them) means; the first that fits."""

DB2_CODES: Final[dict[int, Meaning]] = {
    -30082: AuthenticationFailed, -1060: AuthenticationFailed, -551: AuthenticationFailed,
    -1040: RateLimited, -1226: RateLimited,
    -1013: ConfigurationError, -817: ConfigurationError, -30061: ConfigurationError,
    -952: SourceTimeout, -905: SourceTimeout,
    -911: Unavailable, -913: Unavailable, -1224: Unavailable, -30081: Unavailable,
}  # fmt: skip
"""SQLCODEs that say more than their SQLSTATE: a refused login has that of a lost connection."""

ORACLE_CODES: Final[tuple[tuple[Meaning, str], ...]] = (
    (
        AuthenticationFailed,
        "ORA-01005 ORA-01017 ORA-01031 ORA-01045 ORA-28000 ORA-28001 ORA-41900 DPY-4001",
    ),
    (
        SourceTimeout,
        "ORA-00040 ORA-00051 ORA-01013 ORA-03136 ORA-03156 ORA-12170 ORA-12535 DPY-4005 DPY-4024",
    ),
    (
        RateLimited,
        "ORA-00018 ORA-00020 ORA-02391 ORA-02393 ORA-02395 ORA-12516 ORA-12519 ORA-12520 ORA-12523",
    ),
    (Unavailable, "ORA-00028 ORA-00054 ORA-00060 ORA-00600 ORA-01012 ORA-01033 ORA-01034"),
    (Unavailable, "ORA-01089 ORA-01090 ORA-01092 ORA-01109 ORA-01555 ORA-02396 ORA-02399"),
    (Unavailable, "ORA-03113 ORA-03114 ORA-03135 ORA-04031 ORA-04068 ORA-08177 ORA-12153"),
    (Unavailable, "ORA-12505 ORA-12514 ORA-12528 ORA-12537 ORA-12541 ORA-12543 ORA-12547"),
    (Unavailable, "ORA-12570 ORA-12571 ORA-12757 ORA-25408 DPY-1001 DPY-4011 DPY-6"),
    (BadAnswer, "ORA-01426 ORA-01438 ORA-01476 ORA-01489 ORA-01722 ORA-018 ORA-06502"),
    (BadAnswer, "ORA-12703 ORA-12899 ORA-22835 ORA-29275"),
    (ConfigurationError, "ORA-009 ORA-01008 ORA-01036 ORA-01427 ORA-01453 ORA-01456 ORA-02289"),
    (ConfigurationError, "ORA-04043 ORA-04063 ORA-06550 ORA-12154 ORA-12545 ORA-16000"),
    (ConfigurationError, "DPY-2 DPY-3 DPY-4"),
)
"""Oracle's codes, and those of its driver, by their beginning; the first that fits."""

SQL_SERVER_CODES: Final[tuple[tuple[Meaning, frozenset[int]], ...]] = (
    (
        AuthenticationFailed,
        frozenset({229, 230, 262, 297, 300, 371, 916, 18452, 18456, 18470, 18486, 18487, 18488}),
    ),
    (SourceTimeout, frozenset({20003})),
    (RateLimited, frozenset({10928, 10929, 17809, 40501, 49918, 49919, 49920})),
    (
        Unavailable,
        frozenset(
            {
                233, 601, 701, 802, 904, 921, 922, 924, 927, 942, 945, 976, 978, 983, 1204, 1205,
                1222, 3960, 5030, 6005, 8645, 8651, 10053, 10054, 10060, 17142, 17187, 18401,
                20002, 20004, 20006, 20009, 20012, 20017, 20047, 40197, 40613,
            }
        ),
    ),
    (
        BadAnswer,
        frozenset(
            {220, 232, 241, 242, 244, 245, 248, 295, 2402, 2403, 2628, 8114, 8115, 8134, 8152}
        ),
    ),
    (
        ConfigurationError,
        frozenset(
            {
                102, 105, 137, 156, 170, 195, 201, 207, 208, 209, 214, 319, 512, 911, 2812, 3906,
                4060, 4104, 4121, 4145, 8120, 8144, 8155, 20014,
            }
        ),
    ),
)  # fmt: skip
"""SQL Server's message numbers, and those of its driver (DB-Library)."""

_DB2_STATE: Final = re.compile(r"SQLSTATE[= ]+([0-9A-Z]{5})\b", re.ASCII)
_DB2_CODE: Final = re.compile(r"SQLCODE[= ]+(-?[0-9]{1,6})\b", re.ASCII)
_ORACLE_CODE: Final = re.compile(r"(?:ORA|DPY|DPI)-[0-9]{4,5}", re.ASCII)


def meaning_of(error: SQLAlchemyError) -> AdapterError:
    """Return what an error of the database means; names classes and codes, never contents."""
    name = type(error).__name__
    if isinstance(error, PoolTimeout):
        return Unavailable("every connection is taken")
    if not isinstance(error, DBAPIError):
        return BadAnswer(name)
    return _by_code(error, name) or _by_class(error, name)


def _by_code(error: DBAPIError, name: str) -> AdapterError | None:
    """Return what the code of a product says, None if it has none that is known."""
    driver = type(error.orig).__module__.partition(".")[0]
    if driver == "oracledb":
        return _oracle(error.orig, name)
    if driver == "pymssql":
        return _sql_server(error.orig, name)
    if driver in {"ibm_db", "ibm_db_dbi"}:
        return _db2(str(error.orig), name)
    return _by_state(str(getattr(error.orig, "sqlstate", "") or ""), name)


def _by_class(error: DBAPIError, name: str) -> AdapterError:
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return Unavailable(name)
    if isinstance(error, ProgrammingError):
        return ConfigurationError(name)
    if isinstance(error, OperationalError):
        return _operational(error)
    return BadAnswer(name)


def _by_state(state: str, name: str) -> AdapterError | None:
    for prefix, ours in SQLSTATES:
        if state.startswith(prefix):
            return ours(f"{name}, SQLSTATE {state}")
    return None


def _oracle(error: object, name: str) -> AdapterError | None:
    arguments = getattr(error, "args", ())
    code = str(getattr(arguments[0], "full_code", "")) if arguments else ""
    if not _ORACLE_CODE.fullmatch(code):
        return None
    for ours, known in ORACLE_CODES:
        if code.startswith(tuple(known.split())):
            return ours(f"{name}, {code}")
    return None


def _sql_server(error: object, name: str) -> AdapterError | None:
    """Read the number of a message: ``(number, text)``, inside one more pair after a login."""
    arguments = getattr(error, "args", ())
    while arguments and isinstance(arguments[0], tuple):
        arguments = arguments[0]
    number = arguments[0] if arguments else None
    if not isinstance(number, int):
        return None
    for ours, known in SQL_SERVER_CODES:
        if number in known:
            return ours(f"{name}, message {number}")
    return None


def _db2(text: str, name: str) -> AdapterError | None:
    """Read the codes behind a message, the last ones: a content that is quoted stands before."""
    codes, states = _DB2_CODE.findall(text), _DB2_STATE.findall(text)
    if codes and (ours := DB2_CODES.get(int(codes[-1]))):
        return ours(f"{name}, SQLCODE {codes[-1]}")
    return _by_state(states[-1], name) if states else None


def _operational(error: OperationalError) -> AdapterError:
    """Tell SQLite's errors apart: they carry a name of their own instead of a state.

    The first statement of a connection that cannot be parsed is reported as ``SQLITE_SCHEMA``.
    """
    name = getattr(error.orig, "sqlite_errorname", "")
    if name in {"SQLITE_ERROR", "SQLITE_SCHEMA", "SQLITE_READONLY"}:
        return ConfigurationError(f"the statement cannot run ({name})")
    return Unavailable(f"OperationalError {name}".strip())
