"""Writes the welfare product's data file: for each person the body of each operation's reply."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Final
from xml.sax.saxutils import escape

from examples.town.model.benefits import (
    Allowance,
    CareInsurance,
    Certificate,
    Child,
    HealthHousehold,
    HealthMember,
    WelfareRecord,
)
from examples.town.model.people import Group

FILE_NAME: Final = "fukushi.db"
_NAME_WIDTH: Final = 30
_STATES = {"paid": "SK", "stopped": "SS", "ended": "SM", "pending": "SN", "refused": "KK"}
_WORK = {"employee": "A", "self-employed": "B", "civil-servant": "C"}
_CERTIFICATES = {"physical": "SIN", "intellectual": "RYO", "mental": "SEI"}
_LEVELS = {
    "not-in-need": "H0", "support-1": "S1", "support-2": "S2", "care-1": "K1", "care-2": "K2",
    "care-3": "K3", "care-4": "K4", "care-5": "K5", "transitional": "KE",
}  # fmt: skip

_ROLES = {"head": "NU", "levied-head": "GI", "insured": "HI", "counted": "TD"}
_FILINGS = {"unfiled": "MI", "filed": "SH", "not-required": "FY", "elsewhere": "TA", "abroad": "KG"}


class WelfareWriter:
    """Streams groups of people into the welfare product's file."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / FILE_NAME
        path.unlink(missing_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "CREATE TABLE kojin (fukushi_no TEXT PRIMARY KEY, atena_no TEXT NOT NULL,"
            " jido_teate TEXT NOT NULL, techo TEXT NOT NULL, kaigo TEXT NOT NULL,"
            " kokuho TEXT NOT NULL) WITHOUT ROWID;"
            "BEGIN"
        )

    def __enter__(self) -> WelfareWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._database.execute("COMMIT")
        self._database.close()

    def write(self, group: Group) -> None:
        """Write every welfare person of a group."""
        for person in group.people:
            if person.welfare:
                self._database.execute(
                    "INSERT INTO kojin VALUES (?, ?, ?, ?, ?, ?)", row(person.welfare)
                )


def row(record: WelfareRecord) -> tuple[str, str, str, str, str, str]:
    """Return the stored row: number, 宛名番号 and four XML fragments."""
    return (
        record.number,
        record.linked,
        _allowance(record.allowance) if record.allowance else "",
        "".join(_certificate(certificate) for certificate in record.certificates),
        _care(record.care) if record.care else "",
        _health(record.health) if record.health else "",
    )


def _element(name: str, *parts: str) -> str:
    return f"<f:{name}>{''.join(parts)}</f:{name}>"


def _text(name: str, value: str) -> str:
    return _element(name, escape(value))


def _day(day: dt.date | None, none: str = "00000000") -> str:
    return f"{day:%Y%m%d}" if day else none


def _allowance(allowance: Allowance) -> str:
    start = allowance.from_month
    return _element(
        "JidoTeate",
        _text("NinteiNo", allowance.number),
        _text("SeikyuBi", _day(allowance.claimed)),
        _text("NinteiBi", _day(allowance.granted)),
        _text("ShikyuKaishi", f"{start[0]:04d}{start[1]:02d}" if start else "000000"),
        _text("Jotai", _STATES[allowance.state]),
        _text("HiyoKbn", _WORK[allowance.work]),
        _text("HaigushaAtenaNo", allowance.spouse),
        _text("KokinKoza", "Y" if allowance.public_account else "N"),
        *(_child(child) for child in allowance.children),
    )


def _child(child: Child) -> str:
    return _element(
        "Jido",
        _text("JidoAtenaNo", child.number),
        _text("JidoShimei", child.name.ljust(_NAME_WIDTH, "　")),
        _text("JidoSeiYmd", _day(child.birth)),
        _text("DokyoKbn", "DO" if child.lives_with else "BE"),
        _text("KangoKbn", "KS" if child.same_purse else "KI"),
        _text("DaiNanshi", f"{child.order:02d}"),
        _text("Getsugaku", f"{child.monthly:06d}"),
    )


def _certificate(certificate: Certificate) -> str:
    return _element(
        "Techo",
        _text("Shubetsu", _CERTIFICATES[certificate.kind]),
        _text("TechoNo", certificate.number),
        _text("Tokyu", certificate.grade),
        _text("KofuBi", _day(certificate.issued)),
        _text("YukoKigen", _day(certificate.until, "99999999")),
    )


def _care(care: CareInsurance) -> str:
    insured = _element(
        "KaigoShikaku",
        _text("HihokenshaNo", care.number),
        _text("Kbn", f"{care.insured_class}G"),
        _text("ShutokuBi", _day(care.since)),
        _text("SoshitsuBi", _day(care.ended, "99999999")),
        _text("FutanWari", "" if care.share is None else str(care.share)),
    )
    if care.need is None:
        return insured
    return insured + _element(
        "KaigoNintei",
        _text("HihokenshaNo", care.number),
        _text("Kubun", _LEVELS[care.need.level]),
        _text("NinteiBi", _day(care.need.certified)),
        _text("KikanKaishi", _day(care.need.since)),
        _text("KikanShuryo", _day(care.need.until)),
    )


def _health(household: HealthHousehold) -> str:
    return _element(
        "KokuhoSetai",
        _text("SetaiNo", household.number),
        _text("Nendo", f"{household.year:04d}"),
        *(_health_member(one) for one in household.members),
    )


def _health_member(one: HealthMember) -> str:
    return _element(
        "Setaiin",
        _text("SetaiinAtenaNo", one.number),
        _text("Kbn", _ROLES[one.role]),
        _text("Shinkoku", _FILINGS.get(one.filing or "", "")),
        _text("Mishugaku", "Y" if one.preschool else "N"),
        _text("Kaigo2go", "Y" if one.care_class_two else "N"),
        _text("Tsukisu", f"{one.months:02d}"),
    )
