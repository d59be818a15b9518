"""The form stands filled in from one question, and says honestly what it could not fill in."""

from __future__ import annotations

import re

import pytest

from tests.acceptance import families
from tests.acceptance.fake_gateway import FakeGateway, absent, value
from tests.acceptance.visitor import Visitor

NEUTRAL = "この項目は表示できません。窓口でお聞きください。"


async def test_the_form_is_filled_in_by_one_question_for_one_purpose(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """One visit of the form asks the gateway once, with the form's items and nothing else."""
    await visitor.begin()
    assert len(gateway.questions) == 1
    question = gateway.questions[0]
    assert question["subject"] == "handle-a"
    assert question["purpose"] == "jidoteate-ninteiseikyu"
    assert len(question["items"]) == len(set(question["items"]))
    assert "001.juminkihonjoho.shimei" in question["items"]
    assert not any("atenabango" in item for item in question["items"])


async def test_every_filled_field_names_its_system_and_its_time(visitor: Visitor) -> None:
    """Source and as-of time stand under the value, in words."""
    await visitor.begin()
    name = visitor.field("shimei")
    assert "架空　花子" in name
    assert "住民記録システム（住記まち）の記録（令和8年10月1日 9時15分 時点）" in name
    income = visitor.field("income_total")
    assert "3,120,000円" in income
    assert "個人住民税システム（税務ひろば）の記録（令和8年10月1日 8時30分 時点）" in income


async def test_spouse_and_children_come_from_the_household_record(visitor: Visitor) -> None:
    """The head of household is the spouse of a wife; both children are listed with dates."""
    await visitor.begin()
    assert "架空　太郎" in visitor.field("spouse-shimei")
    assert re.findall(r"児童 \d</h3>", visitor.page) == ["児童 1</h3>", "児童 2</h3>"]
    assert "平成30年4月2日" in visitor.page
    assert "令和4年12月24日" in visitor.page


async def test_documents_that_are_proven_need_not_be_attached(visitor: Visitor) -> None:
    """Only what was really answered is dispensed with; the rest is still asked for."""
    await visitor.begin()
    free, still = _documents(visitor.page)
    assert free == [
        "住民票の写し（世帯全員分）",
        "所得課税証明書",
        "児童手当の受給状況が分かる書類",
    ]
    assert still == ["振込先の口座が分かるもの（通帳の写しなど）"]


async def test_a_stopped_tax_system_leaves_an_honest_partial_form(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """What needs the tax system says so; the certificate is needed again; the rest stands."""
    gateway.down["010"] = "unavailable"
    await visitor.begin()
    assert "架空　花子" in visitor.field("shimei")
    income = visitor.field("income_total")
    assert "いま確認できません" in income
    assert "市民税課" in income
    assert "円" not in income
    free, still = _documents(visitor.page)
    assert "所得課税証明書" not in free
    assert "所得課税証明書" in still
    assert "税務システムには、いま確認できませんでした。" in visitor.page


async def test_a_system_closed_for_the_night_says_when_it_opens(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """The time of reopening stands in words."""
    gateway.down["022"] = gateway.down["027"] = "unavailable-planned"
    await visitor.begin()
    assert "令和8年10月2日 6時00分から確認できます。" in visitor.field("entitlement")


async def test_without_a_gateway_the_form_opens_and_says_that_nothing_can_be_checked(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """No answer at all is said in words on a page that still works."""
    gateway.reachable = False
    response = await visitor.begin()
    assert response.status_code == 200
    assert "いま、どの記録も確認できません。" in visitor.page
    assert "市の記録を確認できません" in visitor.field("shimei")
    assert _documents(visitor.page)[0] == []


@pytest.mark.parametrize(
    ("filing", "income", "says", "never"),
    [
        (value("1", "申告あり"), value(0), "0円", "申告がありません"),
        (value("0", "未申告"), absent("not-recorded"), "申告がありません", "円"),
        (
            value("3", "他団体課税"),
            absent("not-recorded"),
            "1月1日に住んでいた市区町村が課税",
            "円",
        ),
        (value("4", "１月１日国外"), absent("not-recorded"), "国外にいたため", "円"),
    ],
    ids=["zero-yen", "not-filed", "taxed-elsewhere", "abroad"],
)
async def test_zero_not_filed_taxed_elsewhere_and_abroad_are_different_texts(
    visitor: Visitor,
    gateway: FakeGateway,
    filing: dict[str, object],
    income: dict[str, object],
    says: str,
    never: str,
) -> None:
    """Unknown income never looks like no income."""
    tax = gateway.people["handle-a"]["010.kazeikihonjoho"][0]
    tax["shinkokukubun"], tax["gokeishotokukingaku"] = filing, income
    await visitor.begin()
    field = visitor.field("income_total")
    assert says in field
    assert never not in re.sub(r"税務|課税", "", field)


async def test_no_record_is_said_in_words_of_its_own(visitor: Visitor) -> None:
    """An answer that there is no record is neither zero nor a failure."""
    await visitor.begin()
    assert "児童手当を受けている記録はありません。" in visitor.field("entitlement")
    assert "障害者手帳の記録はありません。" in visitor.field("certificate")


async def test_an_unknown_day_is_shown_as_the_register_states_it(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """No day is made up for a date of which the day is unknown."""
    resident = gateway.people["handle-a"]["001.juminkihonjoho"][0]
    resident["seinengappi"] = {
        "absent": "recorded-unknown",
        "uncertain": {
            "precision": "month",
            "text": "昭和４７年２月　日不詳",
            "earliest": "1972-02-01",
            "latest": "1972-02-29",
        },
    }
    await visitor.begin()
    field = visitor.field("birth")
    assert "昭和４７年２月　日不詳" in field
    assert "1日" not in field.replace("10月1日", "")


async def test_a_foreign_resident_is_greeted_by_the_name_of_daily_life(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """通称 in the greeting, the register name in the field, the birth date in Western form."""
    resident = gateway.people["handle-a"]["001.juminkihonjoho"][0]
    resident["juminshubetsu"] = value("2", "外国人住民")
    resident["shimei"] = value("ＳＡＭＰＬＥ　ＡＤＡ")
    resident["tsusho"] = value("見本　あだ")
    resident["seinengappi"] = value("1991-07-15")
    await visitor.begin()
    assert "見本　あだ さんの申請" in visitor.page
    assert "ＳＡＭＰＬＥ　ＡＤＡ" in visitor.field("shimei")
    assert "1991年7月15日" in visitor.field("birth")
    assert "平成" not in visitor.field("birth")


async def test_withheld_items_show_the_neutral_sentence_and_nothing_else(
    visitor: Visitor,
) -> None:
    """One sentence; no reason, no source, no room to type, no other document asked for."""
    await visitor.begin("b")
    for key in ("address", "january_place"):
        field = visitor.field(key)
        assert NEUTRAL in field
        assert "<input" not in field
        assert "窓口で確認" in field
    free, still = _documents(visitor.page)
    assert "住民票の写し（世帯全員分）" not in free + still


async def test_every_cause_of_asking_the_office_gives_the_same_page(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """The gateway gives one reason for all causes; the page adds nothing that differs."""
    await visitor.begin("b")
    first = _comparable(visitor.page)
    gateway.people["handle-b"] = families.protected()
    await visitor.get("/form")
    assert _comparable(visitor.page) == first


async def test_prefilled_values_cannot_be_edited_but_can_be_questioned(visitor: Visitor) -> None:
    """No input holds a register value; the owner of each field is named with the remedy."""
    await visitor.begin()
    inputs = re.findall(r"<input[^>]*>", visitor.page)
    assert not any("架空" in tag for tag in inputs)
    assert "市民課" in visitor.field("shimei")
    assert "市民税課" in visitor.field("income_total")
    assert 'name="wrong-shimei"' in visitor.field("shimei")


async def test_a_child_known_only_to_welfare_is_listed_with_its_source(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """A child living elsewhere comes from the child allowance record and needs its papers."""
    gateway.people["handle-a"]["027.jukyushikakujoho"] = [{"shikyujotai": value("1", "支給中")}]
    gateway.people["handle-a"]["027.jidojoho"] = [
        {
            "jido_shimei": value("架空　一郎"),
            "jido_seinengappi": value("2018-04-02"),
            "jido_dokyobekkyokubun": value("1", "同居"),
            "jido_kangoseikeikubun": value("1", "監護・生計同一"),
        },
        {
            "jido_shimei": value("架空　遠"),
            "jido_seinengappi": value("2015-05-05"),
            "jido_dokyobekkyokubun": value("2", "別居"),
            "jido_kangoseikeikubun": value("2", "監護・生計維持"),
        },
    ]
    await visitor.begin()
    assert len(re.findall(r"児童 \d</h3>", visitor.page)) == 3
    assert visitor.page.count("架空　一郎") == 1
    assert "同じ氏名・生年月日の人がいません" in visitor.page
    assert "別居監護申立書と、児童の世帯の住民票" in _documents(visitor.page)[1]


async def test_an_ended_entitlement_proves_nothing_about_today(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """Children of an allowance that has ended are asked about again."""
    gateway.people["handle-a"]["027.jukyushikakujoho"] = [{"shikyujotai": value("3", "消滅")}]
    gateway.people["handle-a"]["027.jidojoho"] = [
        {
            "jido_shimei": value("架空　一郎"),
            "jido_seinengappi": value("2018-04-02"),
            "jido_dokyobekkyokubun": value("2", "別居"),
            "jido_kangoseikeikubun": value("1", "監護・生計同一"),
        }
    ]
    await visitor.begin()
    assert "消滅" in visitor.field("entitlement")
    assert len(visitor.names("custody-")) == 2
    assert "別居監護申立書と、児童の世帯の住民票" not in _documents(visitor.page)[1]


async def test_a_lost_record_is_mentioned(visitor: Visitor, gateway: FakeGateway) -> None:
    """A record that could not be read is counted on the page, never passed over."""
    original = gateway.answer

    def with_a_loss(question: dict[str, object]) -> dict[str, object]:
        answer = original(question)
        answer["parts"][1]["lost_records"] = 1
        return answer

    gateway.answer = with_a_loss  # type: ignore[method-assign]
    await visitor.begin()
    assert "読み取れなかった記録が1件あります。" in visitor.page
    assert "住民票の写し（世帯全員分）" in _documents(visitor.page)[1]


@pytest.mark.parametrize("language", ["easy", "en"])
async def test_other_languages_keep_what_was_typed(visitor: Visitor, language: str) -> None:
    """Changing the language keeps the entries and marks the language of the page."""
    await visitor.begin()
    await visitor.post("/language", language=language, phone="090-0000-0000")
    assert 'value="090-0000-0000"' in visitor.page
    assert f'<html lang="{"en" if language == "en" else "ja"}"' in visitor.page
    marker = "Child allowance application" if language == "en" else "<ruby>児童手当<rp>"
    assert marker in visitor.page


def _documents(page: str) -> tuple[list[str], list[str]]:
    free, still = re.findall(r'<div class="(?:not|still)-needed">(.*?)</div>', page, re.DOTALL)
    names = r'<span class="document">(.*?)</span>'
    return re.findall(names, free), re.findall(names, still)


def _comparable(page: str) -> str:
    return re.sub(r'value="[0-9a-f]{32}"|[0-9a-f]{12}', "", page)
