"""The gateway's log: JSON lines whose fields come from an allow-list.

A field that is not on the list never reaches the log; its *name* does, under ``dropped``, so that
the mistake is seen. Free text is not on the list, so no personal value has a way in.
"""

from __future__ import annotations

import sys
from typing import Any, Final, TextIO, cast

import orjson
import structlog

from adapters.contract import EventLog

ALLOWED_FIELDS: Final = frozenset(
    {
        "adapter",
        "at",
        "attempt",
        "business",
        "client_id",
        "code",
        "count",
        "days",
        "duration_ms",
        "error",
        "group",
        "key_id",
        "kind",
        "method",
        "municipality",
        "operation",
        "outcome",
        "problem",
        "purpose",
        "route",
        "state",
        "status",
        "step",
        "trace_id",
        "version",
    }
)
MAX_TEXT: Final = 200
"""Longer values are cut: nothing on the list is ever that long unless something is wrong."""

_OWN = frozenset({"event", "level", "timestamp"})
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def open_log(level: str = "info", stream: TextIO | None = None) -> EventLog:
    """Return a log that writes JSON lines to ``stream`` (standard error by default).

    ``level`` is one of debug, info, warning, error.
    """
    logger = structlog.wrap_logger(
        _Lines(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return cast("EventLog", logger)


class _Lines:
    """Writes whole lines, each at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        self._stream.write(line)
        self._stream.flush()

    debug = info = warning = error = msg


def _line(event: dict[str, Any], **_options: Any) -> str:
    options = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(event, option=options).decode()


def _only_allowed(_: Any, __: str, event: structlog.typing.EventDict) -> dict[str, Any]:
    kept: dict[str, Any] = {
        k: _plain(v) for k, v in event.items() if k in ALLOWED_FIELDS or k in _OWN
    }
    dropped = sorted(k for k in event if k not in kept)
    if dropped:
        kept["dropped"] = dropped
    return kept


def _plain(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    return value[:MAX_TEXT] if isinstance(value, str) else type(value).__name__
