"""The truth of businesses 010 (個人住民税) and 031 (住登外者)."""

from __future__ import annotations

from examples.town.model.names import full_width
from examples.town.model.places import Address
from examples.town.model.taxation import (
    CURRENT_YEAR,
    Assessment,
    Dependant,
    Outsider,
    TaxRecord,
)
from examples.town.writers.truth_answers import (
    NOT_APPLICABLE,
    NOT_RECORDED,
    NOT_SUPPLIED,
    Answer,
    code,
    date,
    day,
    number,
    text,
    unknown_text,
    value,
)
from examples.town.writers.truth_resident import SEXES

_FILINGS = {"unfiled": "0", "filed": "1", "not-required": "2", "elsewhere": "3", "abroad": "4"}
_OUTCOMES = {"taxed": "1", "per-head-only": "2", "exempt": "3"}
_COLLECTIONS = {"bills": "1", "salary": "2", "pension": "3"}
_KINDS = {
    "salary": "01", "business": "02", "farming": "03", "property": "04", "pension": "05",
    "other": "06", "occasional": "07", "dividend": "08",
}  # fmt: skip

_DEPENDANTS = {"young": "15", "general": "11", "student": "12", "elderly": "13"}


def current_assessment(record: TaxRecord) -> Assessment | None:
    """Return the newest assessment of the current fiscal year, None if the year has none."""
    rows = [row for row in record.assessments if row.year == CURRENT_YEAR]
    return max(rows, key=lambda row: row.history) if rows else None


def assessment(record: TaxRecord, row: Assessment) -> dict[str, Answer]:
    """Return the record of ``kazeikihonjoho``."""
    levy = row.levy
    return {
        "atenabango": text(record.linked),
        "kazeinendo": value(str(row.year)),
        "sotonendo": value(str(row.equivalent_year)),
        "rirekibango": value(row.history),
        "fukakijitsujusho_shikuchosonkodo": text(row.base_city),
        "shinkokukubun": code(row.filing, _FILINGS),
        "kazeihikazeikubun": code(row.outcome, _OUTCOMES),
        "choshukubun": code(row.collection, _COLLECTIONS),
        "fuyoninzu": number(levy.dependants if levy else None),
        "jurokusaimimanfuyoninzu": number(levy.young_dependants if levy else None),
        "gokeishotokukingaku": number(levy.total_income if levy else None),
        "soshotokukingakuto": number(levy.gross_income if levy else None),
        "kazeihyojungaku": number(levy.taxable_base if levy else None),
        "shichosonminzei_shotokuwarigaku": number(levy.city_by_income if levy else None),
        "shichosonminzei_kintowarigaku": number(levy.city_per_head if levy else None),
        "dofukenminzei_shotokuwarigaku": number(levy.prefecture_by_income if levy else None),
        "dofukenminzei_kintowarigaku": number(levy.prefecture_per_head if levy else None),
        "shinrinkankyozeigaku": number(levy.forest if levy else None),
        "nenzeigaku": number(levy.year if levy else None),
    }


def incomes(record: TaxRecord, row: Assessment) -> list[dict[str, Answer]]:
    """Return the records of ``shotokujoho``."""
    return [
        {
            "atenabango": text(record.linked),
            "kazeinendo": value(str(row.year)),
            "shotokushurui": code(income.kind, _KINDS),
            "shunyukingaku": number(income.revenue),
            "shotokukingaku": value(income.income),
        }
        for income in row.incomes
    ]


def _address(address: Address, prefix: str) -> dict[str, Answer]:
    return {
        f"{prefix}_shikuchosonkodo": text(address.municipality),
        f"{prefix}_choazakodo": text(address.block_id),
        f"{prefix}_todofuken": text(address.prefecture),
        f"{prefix}_shikugunchosonmei": text(address.city),
        f"{prefix}_choaza": text(address.block),
        f"{prefix}_banchigohyoki": text(address.lot),
        f"{prefix}_katagaki": text(address.building),
        f"{prefix}_yubinbango": text(address.postcode),
    }


def dependant(record: TaxRecord, place: int, one: Dependant) -> dict[str, Answer]:
    """Return a record of ``fuyoshinzokujoho``."""
    unsupplied = (
        "hifuyosha_shimei_furigana", "hifuyosha_jusho", "hifuyosha_shogaishakubun",
        "hifuyosha_gokeishotokukingaku", "sosashaid", "sosanengappi", "sosajikoku",
    )  # fmt: skip
    return {
        "atenabango": text(record.linked),
        "kazeinendo": value(str(CURRENT_YEAR)),
        "fuyoshinzokurenban": value(place),
        "hifuyosha_atenabango": value(one.number),
        "hifuyosha_shimei": text(one.name),
        "hifuyosha_seinengappi": date(one.birth),
        "hifuyosha_seinengappi_fushohyoki": unknown_text(one.birth),
        "fuyokubun": code(one.kind, _DEPENDANTS),
        "bekkyokubun": value("0" if one.lives_with else "1"),
        "kokugaikyojukubun": value("0"),
        **dict.fromkeys(unsupplied, NOT_SUPPLIED),
    }


def mailing(record: TaxRecord) -> dict[str, Answer] | None:
    """Return the record of ``sofusakijoho``, None without a mailing address."""
    if record.mailing is None:
        return None
    return {
        "atenabango": text(record.linked),
        "sofusaki_shimei": text(record.mailing.name),
        **_address(record.mailing.address, "sofusaki"),
    }


def outsider(someone: Outsider) -> dict[str, Answer]:
    """Return the record of ``jutogaishaatenakihonjoho``."""
    name, foreign = someone.name, someone.name.foreign
    japanese_only = [
        NOT_APPLICABLE if foreign else text(part)
        for part in (name.family, name.given, name.family_kana, name.given_kana)
    ]
    foreign_only = [
        text(part) if foreign else NOT_APPLICABLE for part in (full_width(name.latin), name.kanji)
    ]
    return {
        "atenabango": value(someone.number),
        "kojinbango": NOT_SUPPLIED,
        "shimei": text(name.registered),
        "uji_nihonjin": japanese_only[0],
        "na_nihonjin": japanese_only[1],
        "shimei_gaikokujinarufuabetto": foreign_only[0],
        "shimei_gaikokujinkanji": foreign_only[1],
        "shimei_yomigana": text(name.kana),
        "uji_nihonjin_yomigana": japanese_only[2],
        "na_nihonjin_yomigana": japanese_only[3],
        "seibetsu": code(someone.sex, SEXES),
        "seinengappi": date(someone.birth),
        "seinengappi_fushohyoki": unknown_text(someone.birth),
        **_address(someone.address, "jusho"),
        "jusho_katagaki_furigana": text(someone.address.building_kana),
        "gyomuid": value("010"),
        "dokujishisakushisutemunadoid": NOT_RECORDED,
        "daihyoatenafuragu": value(0 if someone.representative else 1),
        "nayosesakiatenabango": text(someone.merged_into),
        "sosashaid": value(someone.operator),
        "sosanengappi": day(someone.operated_on),
        "sosajikoku": value(f"{someone.operated_at:%H:%M:%S}"),
    }
