"""Every fact that a once-only question turns on has an item in the catalogue."""

from __future__ import annotations

import pytest

from standard_models.builtin import load_builtin

DICTIONARY = load_builtin()

HOUSEHOLD = (
    "001.juminkihonjoho.setaibango", "001.juminkihonjoho.jumintonattanengappi",
    "001.juminkihonjoho.juminjotai", "001.shojojoho.shojonengappi", "001.shojojoho.shojojiyu",
    "001.setaijoho.setainushi_atenabango", "001.setaijoho.bunrimoto_setaibango",
    "001.idorirekijoho.idonengappi",
)  # fmt: skip
LEVIES = (
    "010.kazeikihonjoho.shichosonminzei_kintowarigaku",
    "010.kazeikihonjoho.shichosonminzei_shotokuwarigaku", "010.kazeikihonjoho.shinkokukubun",
    "010.kazeijokyojoho.fukakijitsukyojukubun",
)  # fmt: skip
FACTS = {
    "Q1 benefit of non-taxable households": (
        *HOUSEHOLD, *LEVIES, "010.fuyoshinzokujoho.hifuyosha_atenabango",
        "010.kazeijokyojoho.fuyosha_atenabango", "010.kazeijokyojoho.sozeijoyakumenjokubun",
        "010.kazeikihonjoho.fukakijitsujusho_shikuchosonkodo",
        "010.kyufukinshikyujoho.kyufujotai", "010.kyufukinshikyujoho.tadantaishikyukubun",
        "010.kyufukinshikyujoho.haigushaboryokutohinanshakubun",
    ),
    "Q2 households with the per-capita levy only": (
        *HOUSEHOLD, *LEVIES, "010.teigakugenzeijoho.teigakugenzeimaeshotokuwarigaku",
    ),
    "Q3 addition for children": (
        *HOUSEHOLD, "001.juminkihonjoho.seinengappi", "010.fuyoshinzokujoho.bekkyokubun",
        "027.santeitaishojidojoho.bekkyokangomoshitatenengappi",
    ),
    "Q4 adjustment benefit": (
        *LEVIES, "010.teigakugenzeijoho.teigakugenzeitaishoninzu",
        "010.teigakugenzeijoho.kojinjuminzeibunteigakugenzeikanogaku",
        "010.teigakugenzeijoho.suikeishotokuzeigaku", "010.teigakugenzeijoho.kakuteishotokuzeigaku",
        "010.fuyoninzujoho.ippanfuyoninzu", "010.fuyoninzujoho.nenshofuyoninzu",
        "001.tennyumaejushojoho.tennyumaejusho_kokugaijusho",
    ),
    "Q5 child allowance": (
        "001.juminkihonjoho.seinengappi", "027.santeitaishojidojoho.jido_kubun",
        "027.santeitaishojidojoho.seikeihifutankubun",
        "027.santeitaishojidojoho.kangosotokakuninsho_teishutsunengappi",
        "027.jukyushajoho.komuinkubun", "027.jukyushajoho.jukyusha_shotokugaku",
        "027.jukyushajoho.haigusha_shotokugaku", "027.jidojoho.jido_dokyobekkyokubun",
        "027.jidojoho.jido_kangoseikeikubun", "027.jukyushikakujoho.seikyunengappi",
        "001.idorirekijoho.idonengappi",
    ),
    "Q6 child rearing allowance": (
        "020.jukyushashotokujoho.shotokugaku", "020.fuyogimushajoho.shotokugaku",
        "020.fuyogimushajoho.fuyogimusha_atenabango", "020.jukyushashotokujoho.fuyoninzu",
        "020.jukyushikakujoho.yoikuhi_nengaku", "020.jukyushikakujoho.kotekinenkinto_nengaku",
        "020.taishojidojoho.jido_atenabango", "020.teategakujoho.nenkinheikyuchoseigaku",
    ),
    "Q7 reduction of health insurance premiums": (
        "024.shikakujoho.giseisetainushikubun", "024.shikakujoho.tokuteidoitsusetaishozokushakubun",
        "024.kokuhosetaijoho.kokuhosetainushi_atenabango",
        "024.fukameisaijoho.setaiin_shinkokukubun", "024.fukameisaijoho.setaiin_soshotokukingakuto",
        "024.fukameisaijoho.setaiin_kyuyoshunyugaku", "024.fukameisaijoho.setaiin_nenkinshunyugaku",
        "024.fukajoho.fukakijunbinengappi", "010.shotokukingakujoho.kyuyo_shunyukingaku",
        "010.shotokukingakujoho.kotekinenkinto_shunyukingaku",
    ),
    "Q8 children in health insurance": (
        "001.juminkihonjoho.seinengappi", "024.fukajoho.keigenkubun",
        "024.fukajoho.iryobun_kintowarigaku", "024.fukajoho.mishugakujikeigengaku",
        "024.fukajoho.kodomobun_kintowarimenjogaku",
    ),
    "Q9 step of the care premium": (
        "021.kesujoho.hogojotai", *LEVIES, "023.hokenryofukajoho.hantei_kazeinenkinshunyugaku",
        "023.hokenryofukajoho.hantei_sonotanogokeishotokukingaku",
        "010.kazeikihonjoho.gokeishotokukingaku",
        "010.shotokukingakujoho.nenkinigainogokeishotokukingaku",
        "023.hokenryofukajoho.fukakijitsu",
    ),
    "Q10 co-payment of the late elderly": (
        "025.shikakujoho.shikakushutokunengappi", "025.ichibufutankinwariaijoho.setaibango",
        "025.ichibufutankinwariaijoho.hantei_kazeishotokugaku",
        "025.ichibufutankinwariaijoho.hantei_nenkinshunyugaku",
        "025.ichibufutankinwariaijoho.hantei_sonotanogokeishotokukingaku",
        "025.ichibufutankinwariaijoho.hantei_shunyugaku",
        "025.ichibufutankinwariaijoho.kijunshunyugakutekiyokubun",
    ),
    "Q11 tier of the child care fee": (
        "010.zeigakukojojoho.shichosonminzei_sanshutsushotokuwarigaku",
        "010.zeigakukojojoho.shichosonminzei_choseikojogaku",
        "010.zeigakukojojoho.shichosonminzei_jutakukariirekintotokubetsuzeigakukojogaku",
        "010.zeigakukojojoho.shichosonminzei_kifukinzeigakukojogaku",
        "010.zeigakukojojoho.shichosonminzei_haitokojogaku",
        "010.zeigakukojojoho.shichosonminzei_gaikokuzeigakukojogaku",
        "010.kazeijokyojoho.hyojunzeiritsukubun",
        "028.kyoikuhoikukyufuninteijoho.hogosha_atenabango",
        "028.riyoshafutanjoho.shutaruseikeiijisha_atenabango", "028.nyushojoho.kurasunenrei",
        "028.riyoshafutanjoho.tashikubun", "028.riyoshafutanjoho.santei_mishinkokukubun",
    ),
    "Q12 school expense support": (
        "018.hanteijoho.shinseiriyukubun", "018.hanteijoho.seikatsuhogo_teishihaishinengappi",
        "018.shinseisetaijoho.setaiin_shotokukingaku", "018.hanteijoho.setaijuyogaku",
        "018.hanteijoho.kijunbairitsu", "020.jukyushikakujoho.shikyukubun",
        "021.kesujoho.hogohaishinengappi", "026.menjojoho.menjokubun",
    ),
    "Q13 monthly cap of disability services": (
        "022.shikyuketteijoho.haigusha_atenabango", "022.shikyuketteijoho.hogosha_atenabango",
        "022.shikyuketteijoho.shogaijishakubun", "022.sabisushikyuryojoho.nyushokubun",
        "022.riyoshafutanjoho.hanteisetai_shichosonminzeishotokuwarigaku",
        "022.riyoshafutanjoho.hanteikazeinendo", "021.kesujoho.hogojotai",
    ),
    "Q14 cap of medical care for independence": (
        "022.iryohokentanisetaijoho.doitsuhokenkanyusha_atenabango",
        "022.jiritsushieniryojoho.iryohoken_hokenshabango",
        "022.jiritsushieniryojoho.judokatsukeizokukubun",
        "022.jiritsushieniryojoho.jiritsushieniryo_shotokukubun",
    ),
    "Q15 exemption class of the national pension": (
        "026.menjoshinseijoho.shinseisha_shotokukingaku",
        "026.menjoshinseijoho.haigusha_shotokukingaku",
        "026.menjoshinseijoho.setainushi_shotokukingaku",
        "026.menjoshinseijoho.shinseisha_fuyoninzu", "026.menjoshinseijoho.tokureijiyu",
    ),
    "Q16 what to do on moving in": (
        "001.tennyumaejushojoho.tennyunengappi", "024.shikakujoho.shikakushutokunengappi",
        "027.jukyushikakujoho.seikyunengappi", "017.shugakurirekijoho.gakkokodo",
        "023.shikakuidojoho.jukyushikakushomeisho_kofunengappi",
    ),
    "Q17 what to do after a death": (
        "001.shojojoho.shibonengappi", "001.setaijoho.setainushi_setteijokyo",
        "039.kasokyokajoho.kyokanengappi", "014.kanpujutojoho.kanpusakisozokuninkubun",
        "010.nozeikanrinintojoho.nozeikanrinintokubun", "012.fukajoho.genshoyusha_atenabango",
    ),
    "Q18 account for a payment": (
        "032.kokinuketorikozajoho.kozabango", "032.kokinuketorikozajoho.kozameiginin_kana",
        "027.jukyushajoho.kozabango", "014.kozajoho.kozabango",
        "001.juminkihonjoho.shimei_furigana",
    ),
    "Q19 list of letters to send": (
        "016.sofusakijoho.sofusaki_choaza", "016.henreijoho.henreijiyu",
        "016.zeiatenajoho.tsushoshiyokubun", "001.shimeihokijoho.shimeiyusenkubun",
        "012.tochikyoyujoho.atenabango", "012.kaokukyoyujoho.atenabango",
        "012.gyomubetsusofusakijoho.sofusaki_choaza", "001.shiensochijoho.shiensochijotai",
    ),
    "Q20 evidence instead of a certificate": (
        "001.kosekinohyojijoho.honseki_choaza", "001.juminkihonjoho.tsuzukigara1",
        "010.kazeikihonjoho.kazeihikazeikubun", *LEVIES,
    ),
}  # fmt: skip


@pytest.mark.parametrize("question", FACTS)
def test_the_facts_of_a_question_have_their_items(question: str) -> None:
    """Found in the catalogue in force, each under its reference."""
    missing = [ref for ref in FACTS[question] if DICTIONARY.find_item(ref) is None]
    assert missing == []


def test_twenty_questions_are_covered() -> None:
    """Q1 to Q20."""
    assert [question.split()[0] for question in FACTS] == [f"Q{n}" for n in range(1, 21)]
