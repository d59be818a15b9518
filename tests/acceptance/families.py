"""Invented families in the shape of the gateway's answers, written out for the tests."""

from __future__ import annotations

from typing import Any

from tests.acceptance.fake_gateway import Records, absent, value

NA = absent("not-applicable")
MALE, FEMALE = value("1", "男"), value("2", "女")


def relation(*steps: tuple[str, str], prefix: str = "") -> dict[str, Any]:
    """Return the four relationship items; unused steps do not apply."""
    items = {f"{prefix}tsuzukigara{n}": NA for n in range(1, 5)}
    for number, (code, label) in enumerate(steps, 1):
        items[f"{prefix}tsuzukigara{number}"] = value(code, label)
    return items


HEAD, WIFE, CHILD = ("01", "世帯主"), ("11", "妻"), ("20", "子")


def member(
    name: str, kana: str, sex: dict[str, Any], birth: object, *steps: tuple[str, str]
) -> dict[str, Any]:
    """Return one member of a household."""
    return {
        "setaiin_shimei": value(name),
        "setaiin_shimei_furigana": value(kana),
        "setaiin_seibetsu": sex,
        "setaiin_seinengappi": birth if isinstance(birth, dict) else value(birth),
        **relation(*steps, prefix="setaiin_"),
    }


def two_children() -> Records:
    """Return a couple with two children; nothing is paid yet, income is filed."""
    return {
        "001.juminkihonjoho": [
            {
                "juminshubetsu": value("1", "日本人住民"),
                "shimei": value("架空　花子"),
                "shimei_furigana": value("カクウ　ハナコ"),
                "shimei_gaikokujinkanji": NA,
                "tsusho": NA,
                "tsusho_furigana": NA,
                "seibetsu": FEMALE,
                "seinengappi": value("1990-04-01"),
                **relation(WIFE),
                "jusho_yubinbango": value("9990011"),
                "jusho_todofuken": value("架空県"),
                "jusho_shikugunchosonmei": value("ひとつ市"),
                "jusho_choaza": value("みどり一丁目"),
                "jusho_banchigohyoki": value("１番６号"),
                "jusho_katagaki": value("みどりハイツ１０１号"),
            }
        ],
        "001.setaiinjoho": [
            member("架空　太郎", "カクウ　タロウ", MALE, "1988-11-03", HEAD),
            member("架空　花子", "カクウ　ハナコ", FEMALE, "1990-04-01", WIFE),
            member("架空　一郎", "カクウ　イチロウ", MALE, "2018-04-02", CHILD),
            member("架空　春", "カクウ　ハル", FEMALE, "2022-12-24", CHILD),
        ],
        "010.kazeikihonjoho": [
            {
                "kazeinendo": value("2026"),
                "fukakijitsujusho_shikuchosonkodo": value("999997"),
                "shinkokukubun": value("1", "申告あり"),
                "gokeishotokukingaku": value(3_120_000),
            }
        ],
    }


def protected() -> Records:
    """Return the same family with every address-class item withheld."""
    people = two_children()
    resident = people["001.juminkihonjoho"][0]
    for name in list(resident):
        if name.startswith("jusho_"):
            resident[name] = absent("ask-office")
    people["010.kazeikihonjoho"][0]["fukakijitsujusho_shikuchosonkodo"] = absent("ask-office")
    return people
