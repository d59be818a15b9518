"""Compare the row plan with code written by hand for the same fields.

Both turn one current row of the resident product into the 42 items of 001.juminkihonjoho. The code
by hand does the conversions and nothing else: no check against the edition, no quality codes, no
labels, no reasons of absence but one. Ratios are within one run; the figures of two runs on a busy
machine do not compare.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import jaconv

from adapters.mapping.document import read_document
from adapters.mapping.row_plan import RowPlans
from standard_models.builtin import load_builtin

GROUP = "001.juminkihonjoho"
ROUNDS, REPEATS = 7, 400

ROW: Mapping[str, Any] = {
    "dantai_cd": "999997", "atena_no": "000000047112   ", "rireki_no": 3,
    "setai_no": "000000730513   ", "jumin_sbt": "N", "jumin_jotai": "00",
    "simei": "架空　花子" + "　" * 55, "kana": "ｶｸｳ ﾊﾅｺ" + " " * 73, "kana_kakunin": "K",
    "alpha_nm": " " * 80, "kanji_nm": "　" * 40, "tusyo": "　" * 40, "tusyo_kana": " " * 80,
    "kyusi": "見本" + "　" * 18, "kyusi_kana": "ﾐﾎﾝ" + " " * 37, "seibetu": "2",
    "sei_ymd": "4020401", "sei_fusyo": "", "zoku": "03000000", "jumin_ymd": "4270401",
    "jumin_fusyo": "", "jusyo_ymd": "5010501", "todoke_ymd": "5010507", "ido_jiyu": "B1",
    "ido_ymd": "5010501", "ido_fusyo": "", "syori_ymd": "5010507", "si_cd": "999997",
    "cyo_cd": "0011001", "ken_nm": "架空県　", "si_nm": "ひとつ市" + "　" * 8,
    "cyo_nm": "みどり一丁目" + "　" * 24, "banti": "１番６号" + "　" * 26,
    "katagaki": "みどりハイツ１０１号" + "　" * 50, "yubin": "9990011",
    "kosin_ts": "20261001091500", "kijun_ts": "20261001093000",
}  # fmt: skip

_ERAS = {"1": 1867, "2": 1911, "3": 1925, "4": 1988, "5": 2018}
_SEX = {"1": "1", "2": "2", "9": "0"}
_KIND = {"N": "1", "G": "2"}
_STATE = {"00": "1", "01": "1", "10": "2", "20": "3", "30": "4"}
_KANA = {"K": "1", "M": "0"}
_REASON = {"A1": "01", "A2": "02", "B1": "10", "C1": "20", "E1": "40", "E2": "41"}
_RELATION = {"01": "01", "02": "10", "03": "11", "11": "20", "12": "20", "99": "99"}


def _text(raw: str) -> str | None:
    return raw.rstrip(" 　") or None


def _kana(raw: str) -> str | None:
    text = raw.rstrip(" 　")
    return jaconv.h2z(text, kana=True, digit=True, ascii=True) if text else None


def _date(raw: str) -> str | None:
    if raw == "0000000":
        return None
    return f"{_ERAS[raw[0]] + int(raw[1:3]):04d}-{raw[3:5]}-{raw[5:7]}"


def by_hand(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the items as somebody would write them down in a hurry."""
    name, kana = _text(row["simei"]), _kana(row["kana"])
    family, _, given = (name or "").partition("　")
    family_kana, _, given_kana = (kana or "").partition("　")
    japanese = row["jumin_sbt"] == "N"
    zoku = row["zoku"]
    relations = [zoku[i : i + 2] for i in (0, 2, 4, 6)]
    return {
        "atenabango": _text(row["atena_no"]),
        "rirekibango": int(row["rireki_no"]),
        "setaibango": _text(row["setai_no"]),
        "juminshubetsu": _KIND[row["jumin_sbt"]],
        "juminjotai": _STATE[row["jumin_jotai"]],
        "shimei": name,
        "uji_nihonjin": family if japanese else None,
        "na_nihonjin": given if japanese else None,
        "shimei_furigana": kana,
        "uji_nihonjin_furigana": family_kana if japanese else None,
        "na_nihonjin_furigana": given_kana if japanese else None,
        "shimei_furiganakakuninjokyo": _KANA.get(row["kana_kakunin"]),
        "shimei_gaikokujinromaji": None if japanese else _kana(row["alpha_nm"]),
        "shimei_gaikokujinkanji": None if japanese else _text(row["kanji_nm"]),
        "tsusho": None if japanese else _text(row["tusyo"]),
        "tsusho_furigana": None if japanese else _kana(row["tusyo_kana"]),
        "kyuji": _text(row["kyusi"]) if japanese else None,
        "kyuji_furigana": _kana(row["kyusi_kana"]) if japanese else None,
        "seibetsu": _SEX[row["seibetu"]],
        "seinengappi": _date(row["sei_ymd"]),
        "seinengappi_fushofuragu": "1" if row["sei_fusyo"] else "0",
        "seinengappi_fushohyoki": _text(row["sei_fusyo"]),
        **{f"tsuzukigara{i}": _RELATION.get(r) for i, r in enumerate(relations, 1)},
        "jumintonattanengappi": _date(row["jumin_ymd"]),
        "jumintonattanengappi_fushohyoki": _text(row["jumin_fusyo"]),
        "jushoosadametanengappi": _date(row["jusyo_ymd"]),
        "todokedenengappi": _date(row["todoke_ymd"]),
        "idojiyu": _REASON.get(row["ido_jiyu"]),
        "idonengappi": _date(row["ido_ymd"]),
        "idonengappi_fushohyoki": _text(row["ido_fusyo"]),
        "shorinengappi": _date(row["syori_ymd"]),
        "jusho_shikuchosonkodo": _text(row["si_cd"]),
        "jusho_choazakodo": _text(row["cyo_cd"]),
        "jusho_todofuken": _text(row["ken_nm"]),
        "jusho_shikugunchosonmei": _text(row["si_nm"]),
        "jusho_choaza": _text(row["cyo_nm"]),
        "jusho_banchigohyoki": _text(row["banti"]),
        "jusho_katagaki": _text(row["katagaki"]),
        "jusho_yubinbango": _text(row["yubin"]),
    }


def _microseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(REPEATS):
        work()
    return (time.perf_counter() - begun) / REPEATS * 1e6


def main() -> None:
    """Print microseconds per record and the ratio of both."""
    text = files("adapters.reference.resident").joinpath("mapping.yaml").read_text("utf-8")
    mapping = read_document(text).mapping
    dictionary = load_builtin()
    plans = RowPlans(mapping, {ref: dictionary.groups[ref] for ref in mapping.groups})
    whole = plans.plan(GROUP)
    two = plans.plan(GROUP, frozenset({"shimei", "seinengappi"}))
    contenders: dict[str, Callable[[], object]] = {
        "by hand, all items": lambda: by_hand(ROW),
        "row plan, all items": lambda: whole.convert([ROW]),
        "row plan, two items": lambda: two.convert([ROW]),
    }
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, work in contenders.items():
            figures[name].append(_microseconds(work))
    median = {name: statistics.median(values) for name, values in figures.items()}
    items = len(dictionary.groups[GROUP].items)
    for name, value in median.items():
        print(f"{name:22} {value:8.1f} µs per record")
    plan, hand = median["row plan, all items"], median["by hand, all items"]
    print(f"{items} items: {plan / items:.2f} µs per item; row plan / by hand = {plan / hand:.2f}")
    print(f"two of {items} items cost {median['row plan, two items'] / plan:.2f} of all of them")


if __name__ == "__main__":
    main()
