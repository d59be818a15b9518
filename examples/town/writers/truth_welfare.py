"""The truth of 022 (障害者福祉), 023 (介護保険), 024 (国民健康保険) and 027 (児童手当)."""

from __future__ import annotations

from examples.town.model.benefits import (
    Allowance,
    CareInsurance,
    CareNeed,
    Child,
    HealthHousehold,
    WelfareRecord,
)
from examples.town.writers.truth_answers import (
    NOT_RECORDED,
    NOT_SUPPLIED,
    Answer,
    code,
    day,
    number,
    text,
    value,
)

_STATES = {"paid": "1", "stopped": "2", "ended": "3", "pending": "4"}
_WORK = {"employee": "1", "self-employed": "2", "civil-servant": "3"}
_CERTIFICATES = {"physical": "1", "intellectual": "2", "mental": "3"}
_GRADES = {"1": "01", "2": "02", "3": "03", "4": "04", "5": "05", "6": "06", "A": "A1", "B": "B1"}
_LEVELS = {
    "not-in-need": "01", "support-1": "12", "support-2": "13", "care-1": "21", "care-2": "22",
    "care-3": "23", "care-4": "24", "care-5": "25",
}  # fmt: skip

_ROLES = {"head": "1", "levied-head": "2", "insured": "3", "counted": "4"}
_FILINGS = {"unfiled": "0", "filed": "1", "not-required": "2", "elsewhere": "3", "abroad": "4"}


def entitlement(record: WelfareRecord, allowance: Allowance) -> dict[str, Answer]:
    """Return the record of ``jukyushikakujoho``."""
    start = allowance.from_month
    return {
        "jukyusha_atenabango": text(record.linked),
        "ninteibango": value(allowance.number),
        "seikyunengappi": day(allowance.claimed),
        "ninteinengappi": day(allowance.granted),
        "shikyukaishinengetsu": value(f"{start[0]:04d}-{start[1]:02d}") if start else NOT_RECORDED,
        "shikyujotai": code(allowance.state, _STATES),
        "hiyoshakubun": code(allowance.work, _WORK),
        "haigusha_atenabango": text(allowance.spouse),
        "kokinuketorikozariyo": value("1" if allowance.public_account else "0"),
    }


def child(record: WelfareRecord, of: Child) -> dict[str, Answer]:
    """Return a record of ``jidojoho``."""
    return {
        "jukyusha_atenabango": text(record.linked),
        "jido_atenabango": value(of.number),
        "jido_shimei": text(of.name),
        "jido_seinengappi": day(of.birth),
        "jido_dokyobekkyokubun": value("1" if of.lives_with else "2"),
        "jido_kangoseikeikubun": value("1" if of.same_purse else "2"),
        "dainanshi": value(of.order),
        "getsugaku": value(of.monthly),
    }


def certificates(record: WelfareRecord) -> list[dict[str, Answer]]:
    """Return the records of ``techojoho``."""
    return [
        {
            "atenabango": text(record.linked),
            "techoshubetsu": code(certificate.kind, _CERTIFICATES),
            "techobango": value(certificate.number),
            "tokyu": code(certificate.grade, _GRADES),
            "kofunengappi": day(certificate.issued),
            "yukokigen": day(certificate.until),
        }
        for certificate in record.certificates
    ]


def insured(record: WelfareRecord, care: CareInsurance) -> dict[str, Answer]:
    """Return the record of ``shikakujoho``."""
    return {
        "atenabango": text(record.linked),
        "hihokenshabango": value(care.number),
        "hihokenshakubun": value(str(care.insured_class)),
        "shikakushutokunengappi": day(care.since),
        "shikakusoshitsunengappi": day(care.ended),
        "futanwariai": number(care.share),
    }


def certified(record: WelfareRecord, care: CareInsurance, need: CareNeed) -> dict[str, Answer]:
    """Return the record of ``ninteijoho``."""
    return {
        "atenabango": text(record.linked),
        "hihokenshabango": value(care.number),
        "yokaigojotaikubun": code(need.level, _LEVELS),
        "ninteinengappi": day(need.certified),
        "ninteiyukokikan_kaishinengappi": day(need.since),
        "ninteiyukokikan_shuryonengappi": day(need.until),
    }


def levied(household: HealthHousehold) -> list[dict[str, Answer]]:
    """Return the records of ``fukameisaijoho``, one for each person who counts."""
    unsupplied = (
        "setaiin_soshotokukingakuto", "setaiin_kyuyoshunyugaku", "setaiin_nenkinshunyugaku",
        "setaiin_senjushakyuyogaku", "setaiin_keigenhanteishotoku",
    )  # fmt: skip
    return [
        {
            "kokuhosetaibango": value(household.number),
            "fukanendo": value(str(household.year)),
            "setaiin_atenabango": value(one.number),
            "setaiin_kubun": code(one.role, _ROLES),
            "setaiin_shinkokukubun": code(one.filing, _FILINGS),
            "setaiin_mishugakujikubun": value("1" if one.preschool else "0"),
            "setaiin_kaigonigokubun": value("1" if one.care_class_two else "0"),
            "setaiin_tsukisu": value(one.months),
            **dict.fromkeys(unsupplied, NOT_SUPPLIED),
        }
        for one in household.members
    ]
