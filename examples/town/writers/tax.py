"""Writes the tax product's data file: one JSON document for each person and row."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import orjson

from examples.town.model.people import Group
from examples.town.model.places import Address
from examples.town.model.recorded_dates import RecordedDate, era_of
from examples.town.model.taxation import (
    CURRENT_YEAR,
    Assessment,
    Dependant,
    Mailing,
    Outsider,
    TaxRecord,
)

FILE_NAME: Final = "zeimu.db"
_FILINGS = {
    "unfiled": "M", "filed": "S", "not-required": "F", "elsewhere": "T", "abroad": "K",
    "investigating": "C",
}  # fmt: skip
_OUTCOMES = {"taxed": "10", "per-head-only": "20", "exempt": "30"}
_COLLECTIONS = {"bills": "FU", "salary": "KY", "pension": "NE"}
_KINDS = {
    "salary": "KYU", "business": "EIG", "farming": "NOG", "property": "FUD", "pension": "NEN",
    "other": "ZAT", "occasional": "ICH", "dividend": "HAI",
}  # fmt: skip
_DEPENDANTS = {"young": "NEN", "general": "IPP", "student": "TOK", "elderly": "ROU"}
_SEXES = {"M": "M", "F": "F", "U": "X"}


class TaxWriter:
    """Streams groups of people into the tax product's file."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / FILE_NAME
        path.unlink(missing_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "CREATE TABLE kojin (kojin_no TEXT PRIMARY KEY, atena_no TEXT NOT NULL,"
            " naiyo BLOB NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE kazei (kojin_no TEXT NOT NULL, nendo INTEGER NOT NULL,"
            " rireki_no INTEGER NOT NULL, gyo BLOB NOT NULL,"
            " PRIMARY KEY (kojin_no, nendo, rireki_no)) WITHOUT ROWID;"
            "CREATE TABLE fuyo (kojin_no TEXT NOT NULL, nendo INTEGER NOT NULL,"
            " renban INTEGER NOT NULL, gyo BLOB NOT NULL,"
            " PRIMARY KEY (kojin_no, nendo, renban)) WITHOUT ROWID;"
            "BEGIN"
        )

    def __enter__(self) -> TaxWriter:
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
        """Write every tax person of a group."""
        for person in group.people:
            for record in person.taxes:
                self._record(record)

    def _record(self, record: TaxRecord) -> None:
        self._database.execute(
            "INSERT INTO kojin VALUES (?, ?, ?)",
            (record.number, record.linked, orjson.dumps(person_document(record))),
        )
        self._database.executemany(
            "INSERT INTO kazei VALUES (?, ?, ?, ?)",
            (
                (record.number, row.year, row.history, orjson.dumps(assessment_document(row)))
                for row in record.assessments
            ),
        )
        self._database.executemany(
            "INSERT INTO fuyo VALUES (?, ?, ?, ?)",
            (
                (record.number, CURRENT_YEAR, place, orjson.dumps(dependant_document(place, one)))
                for place, one in enumerate(record.dependants, 1)
            ),
        )


def era_year(year: int) -> str:
    """Return a fiscal year as R08, by the era in which its April falls; 2019 is R01."""
    era, count = era_of(dt.date(year, 12, 31))
    return f"{era}{count:02d}"


def era_date(date: RecordedDate | None) -> str | None:
    """Return S47.02.10; unknown parts are 00, a wholly unknown date is 00.00.00."""
    if date is None:
        return None
    if not date.era:
        return "00.00.00"
    return f"{date.era}{date.year:02d}.{date.month:02d}.{date.day_of_month:02d}"


def _thousands(yen: int | None) -> int | None:
    if yen is None:
        return None
    if yen % 1000:
        raise ValueError("the product keeps this amount in whole thousands")
    return yen // 1000


def person_document(record: TaxRecord) -> dict[str, Any]:
    """Return the part of the reply that describes the person."""
    return {
        "kojin": {"shimei": record.name, "jutogaiKbn": "1" if record.outsider else "0"},
        "sofusaki": _mailing(record.mailing),
        "jutogai": _outsider(record.outsider),
    }


def _address(address: Address) -> dict[str, Any]:
    return {
        "shikuchosonCd": address.municipality,
        "choazaCd": address.block_id or None,
        "todofuken": address.prefecture,
        "shikuchoson": address.city,
        "choaza": address.block or None,
        "banchi": address.lot or None,
        "katagaki": address.building or None,
        "yubin": address.postcode or None,
    }


def _mailing(mailing: Mailing | None) -> dict[str, Any] | None:
    if mailing is None:
        return None
    return {"shimei": mailing.name} | _address(mailing.address)


def _outsider(outsider: Outsider | None) -> dict[str, Any] | None:
    if outsider is None:
        return None
    name, birth = outsider.name, outsider.birth
    era, year = era_of(outsider.operated_on)
    return {
        "jutogaiAtenaNo": outsider.number,
        "gaikokuKbn": "1" if name.foreign else "0",
        "shimei": name.registered,
        "shimeiKana": name.kana or None,
        "alphaShimei": name.latin or None,
        "kanjiShimei": name.kanji or None,
        "seibetsu": _SEXES[outsider.sex] if outsider.sex else None,
        "seinengappi": era_date(birth),
        "seinengappiFusho": birth.text if birth and birth.stated else None,
        **_address(outsider.address),
        "katagakiKana": outsider.address.building_kana or None,
        "torokuGyomu": "010",
        "dokujiSystem": None,
        "daihyo": outsider.representative,
        "nayoseSaki": outsider.merged_into,
        "sosaSha": outsider.operator,
        "sosaBi": f"{era}{year:02d}.{outsider.operated_on:%m.%d}",
        "sosaJikan": f"{outsider.operated_at:%H:%M:%S}",
    }


def dependant_document(place: int, one: Dependant) -> dict[str, Any]:
    """Return one row of fuyo."""
    return {
        "nendo": era_year(CURRENT_YEAR),
        "renban": place,
        "fuyoAtenaNo": one.number,
        "shimei": one.name,
        "seinengappi": era_date(one.birth),
        "seinengappiFusho": one.birth.text if one.birth.stated else None,
        "fuyoKbn": _DEPENDANTS[one.kind],
        "bekkyo": not one.lives_with,
        "kokugai": False,
    }


def assessment_document(row: Assessment) -> dict[str, Any]:
    """Return one row of kazei; every amount is null where the town has not assessed."""
    levy = row.levy
    return {
        "nendo": era_year(row.year),
        "sotoNendo": era_year(row.equivalent_year),
        "rirekiNo": row.history,
        "kijunbiShikuchosonCd": row.base_city,
        "shinkoku": _FILINGS[row.filing],
        "kazeiKbn": _OUTCOMES[row.outcome] if row.outcome else None,
        "choshu": _COLLECTIONS[row.collection] if row.collection else None,
        "fuyo": {
            "sosu": levy.dependants if levy else None,
            "nensho": levy.young_dependants if levy else None,
        },
        "shotoku": {
            "gokeiSen": _thousands(levy.total_income) if levy else None,
            "soSen": _thousands(levy.gross_income) if levy else None,
            "hyojunSen": _thousands(levy.taxable_base) if levy else None,
            "meisai": [
                {
                    "shurui": _KINDS[income.kind],
                    "shunyuEn": income.revenue,
                    "shotokuSen": _thousands(income.income),
                }
                for income in row.incomes
            ],
        },
        "zeigaku": {
            "shi": {
                "shotokuwari": levy.city_by_income if levy else None,
                "kintowari": levy.city_per_head if levy else None,
            },
            "ken": {
                "shotokuwari": levy.prefecture_by_income if levy else None,
                "kintowari": levy.prefecture_per_head if levy else None,
            },
            "shinrin": levy.forest if levy else None,
            "nenzei": levy.year if levy else None,
        },
    }
