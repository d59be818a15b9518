"""The truth of business 001 (住民基本台帳)."""

from __future__ import annotations

from examples.town.model.names import full_width
from examples.town.model.people import Person
from examples.town.writers.truth_answers import (
    NOT_APPLICABLE,
    NOT_RECORDED,
    Answer,
    code,
    date,
    day,
    text,
    unknown_text,
    value,
)

_STATES = {"resident": "1", "leaving": "1", "moved-out": "2", "dead": "3", "removed": "4"}
SEXES = {"U": "0", "M": "1", "F": "2"}
_RELATIONS = {
    "head": "01", "husband": "10", "wife": "11", "husband-unregistered": "12",
    "wife-unregistered": "13", "eldest-son": "20", "eldest-daughter": "20", "second-son": "20",
    "second-daughter": "20", "child": "20", "adopted-child": "20", "father": "30",
    "mother": "31", "housemate": "99",
}  # fmt: skip
_REASONS = {
    "moved-in": "01", "from-abroad": "01", "born": "02", "moved-within": "10",
    "household-split": "21", "head-changed": "20", "alias-recorded": "30", "corrected": "31",
    "moved-out": "40", "moved-abroad": "40", "died": "41", "removed-by-office": "42",
    "migrated": "90",
}  # fmt: skip
_NATIONALITIES = {"ko": "901", "otsu": "902", "hei": "903"}
_STATUSES = {
    "permanent": "10", "spouse": "11", "settled": "12", "special-permanent": "13",
    "engineer": "20", "student": "21", "trainee": "22", "family-stay": "23", "skilled": "24",
}  # fmt: skip


def _relations(words: tuple[str, ...], prefix: str) -> dict[str, Answer]:
    return {
        f"{prefix}{place}": code(words[place - 1], _RELATIONS)
        if place <= len(words)
        else NOT_APPLICABLE
        for place in (1, 2, 3, 4)
    }


def resident(person: Person) -> dict[str, Answer]:
    """Return the one record of ``juminkihonjoho``."""
    entry = person.current
    name, home = entry.name, entry.address
    japanese = person.foreign is None
    only_japanese = (lambda answer: answer) if japanese else (lambda _answer: NOT_APPLICABLE)
    only_foreign = (lambda _answer: NOT_APPLICABLE) if japanese else (lambda answer: answer)
    confirmed = NOT_RECORDED
    if name.kana:
        confirmed = value("1" if name.kana_confirmed else "0")
    return {
        "atenabango": value(person.number),
        "rirekibango": value(len(person.entries)),
        "setaibango": value(entry.household),
        "juminshubetsu": value("1" if japanese else "2"),
        "juminjotai": code(entry.state, _STATES),
        "shimei": text(name.registered),
        "uji_nihonjin": only_japanese(text(name.family)),
        "na_nihonjin": only_japanese(text(name.given)),
        "shimei_furigana": text(name.kana),
        "uji_nihonjin_furigana": only_japanese(text(name.family_kana)),
        "na_nihonjin_furigana": only_japanese(text(name.given_kana)),
        "shimei_furiganakakuninjokyo": confirmed,
        "shimei_gaikokujinromaji": only_foreign(text(full_width(name.latin))),
        "shimei_gaikokujinkanji": only_foreign(text(name.kanji)),
        "tsusho": only_foreign(text(name.alias)),
        "tsusho_furigana": only_foreign(text(name.alias_kana)),
        "kyuji": only_japanese(text(name.former)),
        "kyuji_furigana": only_japanese(text(name.former_kana)),
        "seibetsu": code(person.sex, SEXES),
        "seinengappi": date(person.birth),
        "seinengappi_fushofuragu": value("0" if person.birth.day else "1"),
        "seinengappi_fushohyoki": unknown_text(person.birth),
        **_relations(entry.relation, "tsuzukigara"),
        "jumintonattanengappi": date(entry.resident_since),
        "jumintonattanengappi_fushohyoki": unknown_text(entry.resident_since),
        "jushoosadametanengappi": day(entry.address_since),
        "todokedenengappi": day(entry.notified),
        "idojiyu": code(entry.reason, _REASONS),
        "idonengappi": date(entry.on),
        "idonengappi_fushohyoki": unknown_text(entry.on),
        "shorinengappi": day(entry.processed),
        "jusho_shikuchosonkodo": text(home.municipality),
        "jusho_choazakodo": text(home.block_id),
        "jusho_todofuken": text(home.prefecture),
        "jusho_shikugunchosonmei": text(home.city),
        "jusho_choaza": text(home.block),
        "jusho_banchigohyoki": text(home.lot),
        "jusho_katagaki": text(home.building),
        "jusho_yubinbango": text(home.postcode),
    }


def member(person: Person) -> dict[str, Answer]:
    """Return a person's record of ``setaiinjoho``, the same for everybody of the household."""
    entry = person.current
    return {
        "setaibango": value(entry.household),
        "setaiin_atenabango": value(person.number),
        "setaiin_shimei": text(entry.name.registered),
        "setaiin_shimei_furigana": text(entry.name.kana),
        "setaiin_seibetsu": code(person.sex, SEXES),
        "setaiin_seinengappi": date(person.birth),
        "setaiin_seinengappi_fushohyoki": unknown_text(person.birth),
        **_relations(entry.relation, "setaiin_tsuzukigara"),
    }


def foreigner(person: Person) -> dict[str, Answer] | None:
    """Return the record of ``gaikokujinjuminjoho``, None for a Japanese resident."""
    status = person.foreign
    if status is None:
        return None
    return {
        "atenabango": value(person.number),
        "kokusekichiikikodo": code(status.nationality, _NATIONALITIES),
        "zairyushikaku": code(status.status, _STATUSES),
        "zairyukikanmanryonengappi": day(status.until),
        "gaikokujinjumintonattanengappi": day(status.since),
    }
