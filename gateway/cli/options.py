"""Options that several commands have, each with one name and one meaning."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from gateway.clock import TOKYO


def _municipality(text: str) -> str:
    if not re.fullmatch(r"[0-9]{6}", text):
        raise typer.BadParameter("団体コードは 6 桁の数字です / a municipality code has 6 digits")
    return text


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            "日付は 2026-10-01 の形です / a day looks like 2026-10-01"
        ) from None


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            "日時は 2026-10-01 または 2026-10-01T09:00 の形です / not a day or a time"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)


Municipality: TypeAlias = Annotated[
    str,
    typer.Option(
        "--municipality",
        "-m",
        envvar="HITOTSU_CLI_MUNICIPALITY",
        parser=_municipality,
        metavar="6桁",
        help="団体コード（6 桁） / Municipality code.",
    ),
]
ClientId: TypeAlias = Annotated[str, typer.Argument(help="連携先の ID / Id of the consumer.")]
Numbering: TypeAlias = Annotated[
    str,
    typer.Option(help="番号体系（resident・tax・welfare など） / Numbering of the system."),
]


def day_option(japanese: str, english: str) -> Any:
    """Return an option that takes a day in Asia/Tokyo."""
    return typer.Option(parser=_day, metavar="YYYY-MM-DD", help=f"{japanese} / {english}")


def moment_option(japanese: str, english: str) -> Any:
    """Return an option that takes a day or a time, in Asia/Tokyo unless it says otherwise."""
    return typer.Option(
        parser=_moment, metavar="YYYY-MM-DD[THH:MM]", help=f"{japanese} / {english}"
    )


def require_order(since: dt.datetime | None, until: dt.datetime | None) -> None:
    """End the command where nothing can lie between the two."""
    if since is not None and until is not None and since >= until:
        raise typer.BadParameter(
            "--until は --since よりあとにしてください / --until must lie after --since"
        )


def read_jwks(path: Path) -> object:
    """Return the JSON of a file of public keys; a single JWK becomes a set of one."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise typer.BadParameter(
            "公開鍵のファイルを JSON として読めません / the file of public keys is not JSON"
        ) from None
    if isinstance(content, dict) and "kty" in content:
        return {"keys": [content]}
    return content
