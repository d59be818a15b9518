"""Writes the resident product: its tables for COPY, its schema, its nightly extract."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final

from examples.town.model.characters import GAIJI
from examples.town.model.people import Entry, Group, Household, Measure, Person
from examples.town.writers import extract
from examples.town.writers import resident_codes as codes
from examples.town.writers.resident_schema import JKATENA, SCHEMA

DATA_TIME: Final = "20261001093000"
PRODUCT_VERSION: Final = "7.3.1"


class ResidentWriter:
    """Streams groups of people into the tables and the extract of the resident product."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "schema.sql").write_text(SCHEMA, encoding="utf-8")
        self._files = {
            name: (directory / f"{name}.tsv").open("w", encoding="utf-8", newline="\n")
            for name in ("jkatena", "jksetai", "jkgaikoku", "jksien", "jkgaiji", "jkseigyo")
        }
        self._extract = extract.ExtractWriter(directory / extract.FILE_NAME)
        self._newest_measure = "0" * 14

    def __enter__(self) -> ResidentWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._finish()
        for file in self._files.values():
            file.close()
        self._extract.close()

    def write(self, group: Group) -> None:
        """Write everything the resident product knows of a group."""
        levels = {
            measure.person: codes.MEASURE_KINDS[measure.kind]
            for measure in group.measures
            if measure.role != "other-party" and measure.state != "ended"
        }
        for person in group.people:
            if person.entries:
                self._person(person, levels.get(person.number, "0"))
            if person.provisional:
                row = atena_row(person, person.provisional, len(person.entries) + 1)
                self._row("jkatena", pad_row(row | {"JUMIN_JOTAI": codes.PROVISIONAL}))
        alive = {person.current.household for person in group.people if person.is_resident}
        for household in group.households:
            self._row("jksetai", household_row(household, existing=household.number in alive))
        for measure in group.measures:
            row = measure_row(measure)
            self._newest_measure = max(self._newest_measure, row[-1])
            self._row("jksien", row)

    def _person(self, person: Person, level: str) -> None:
        rows = [
            atena_row(person, entry, number) for number, entry in enumerate(person.entries, start=1)
        ]
        for row in rows:
            self._row("jkatena", pad_row(row))
        foreign = foreign_row(person)
        if foreign:
            self._row("jkgaikoku", foreign)
        self._extract.write(rows[-1], foreign, level)

    def _row(self, table: str, values: list[str]) -> None:
        self._files[table].write("\t".join(values) + "\n")

    def _finish(self) -> None:
        for code, (real, note) in GAIJI.items():
            self._row("jkgaiji", [f"{ord(code):04X}", real, note])
        self._row("jkseigyo", ["00", DATA_TIME, PRODUCT_VERSION, self._newest_measure])


def atena_row(person: Person, entry: Entry, history: int) -> dict[str, str]:
    """Return one history row of JKATENA by column, without padding."""
    name, home = entry.name, entry.address
    confirmed = {True: "K", False: "M", None: ""}[name.kana_confirmed]
    return {
        "DANTAI_CD": "999997",
        "ATENA_NO": person.number,
        "RIREKI_NO": str(history),
        "SETAI_NO": entry.household,
        "JUMIN_SBT": "G" if person.foreign else "N",
        "JUMIN_JOTAI": codes.STATES[entry.state],
        "SIMEI": name.registered,
        "KANA": codes.half_kana(name.kana),
        "KANA_KAKUNIN": confirmed if name.kana else "",
        "ALPHA_NM": name.latin,
        "KANJI_NM": name.kanji,
        "TUSYO": name.alias,
        "TUSYO_KANA": codes.half_kana(name.alias_kana),
        "KYUSI": name.former,
        "KYUSI_KANA": codes.half_kana(name.former_kana),
        "SEIBETU": codes.SEXES[person.sex],
        "SEI_YMD": codes.seven(person.birth),
        "SEI_FUSYO": codes.sentence(person.birth),
        "ZOKU": codes.relation(entry.relation),
        "JUMIN_YMD": codes.seven(entry.resident_since),
        "JUMIN_FUSYO": codes.sentence(entry.resident_since),
        "JUSYO_YMD": codes.seven_of(entry.address_since),
        "TODOKE_YMD": codes.seven_of(entry.notified),
        "IDO_JIYU": codes.REASONS[entry.reason],
        "IDO_YMD": codes.seven(entry.on),
        "IDO_FUSYO": codes.sentence(entry.on),
        "SYORI_YMD": codes.seven_of(entry.processed),
        "SI_CD": home.municipality,
        "CYO_CD": home.block_id,
        "KEN_NM": home.prefecture,
        "SI_NM": home.city,
        "CYO_NM": home.block,
        "BANTI": home.lot,
        "KATAGAKI": home.building,
        "YUBIN": home.postcode,
        "KOSIN_TS": codes.stamp(entry.processed, person.number),
    }


def pad_row(row: dict[str, str]) -> list[str]:
    """Return the values of a JKATENA row in column order, padded as the product pads."""
    return [column.pad(row[column.name]) for column in JKATENA]


def household_row(household: Household, *, existing: bool) -> list[str]:
    """Return a row of JKSETAI."""
    return [
        household.number.ljust(15),
        household.head.ljust(15),
        "1" if existing else "9",
        codes.seven_of(household.founded),
        household.split_from.ljust(15),
    ]


def foreign_row(person: Person) -> list[str] | None:
    """Return a row of JKGAIKOKU, None for a Japanese resident."""
    if person.foreign is None:
        return None
    status = person.foreign
    return [
        person.number.ljust(15),
        codes.NATIONALITIES[status.nationality],
        codes.STATUSES[status.status],
        f"{status.until:%Y%m%d}" if status.until else "00000000",
        codes.seven_of(status.since),
        codes.stamp(person.current.processed, person.number),
    ]


def measure_row(measure: Measure) -> list[str]:
    """Return a row of JKSIEN."""
    return [
        measure.number,
        str(measure.branch),
        codes.ROLES[measure.role],
        measure.person.ljust(15),
        codes.MEASURE_KINDS[measure.kind],
        codes.MEASURE_STATES[measure.state],
        codes.seven_of(measure.since),
        codes.seven_of(measure.until),
        codes.SCOPES[measure.scope],
        codes.stamp(measure.since, measure.number),
    ]
