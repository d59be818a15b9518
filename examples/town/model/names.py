"""Names put together from common parts; nobody real is meant."""

from __future__ import annotations

import random
from dataclasses import dataclass


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Return pairs of a written name and its kana, full-width."""
    return tuple((written, kana) for written, _, kana in map(_split, text.split()))


def _split(entry: str) -> tuple[str, str, str]:
    return entry.partition(":")


COMMON_FAMILY = _pairs(
    """
    佐藤:サトウ 鈴木:スズキ 高橋:タカハシ 田中:タナカ 伊藤:イトウ 渡辺:ワタナベ
    山本:ヤマモト 中村:ナカムラ 小林:コバヤシ 加藤:カトウ 吉田:ヨシダ 山田:ヤマダ
    佐々木:ササキ 山口:ヤマグチ 松本:マツモト 井上:イノウエ 木村:キムラ 林:ハヤシ
    清水:シミズ 山崎:ヤマザキ 森:モリ 阿部:アベ 池田:イケダ 橋本:ハシモト 石川:イシカワ
    前田:マエダ 小川:オガワ 藤田:フジタ 岡田:オカダ 後藤:ゴトウ 長谷川:ハセガワ 石井:イシイ
    村上:ムラカミ 近藤:コンドウ 坂本:サカモト 遠藤:エンドウ 青木:アオキ 藤井:フジイ
    西村:ニシムラ 福田:フクダ 太田:オオタ 三浦:ミウラ 藤原:フジワラ 岡本:オカモト
    松田:マツダ 中川:ナカガワ 中野:ナカノ 原田:ハラダ 小野:オノ 田村:タムラ 竹内:タケウチ
    金子:カネコ 和田:ワダ 中山:ナカヤマ 石田:イシダ 上田:ウエダ 森田:モリタ 原:ハラ
    柴田:シバタ 酒井:サカイ 工藤:クドウ 横山:ヨコヤマ 宮本:ミヤモト 内田:ウチダ 高木:タカギ
    安藤:アンドウ 島田:シマダ 谷口:タニグチ 大野:オオノ 丸山:マルヤマ
    """
)
OLD_GLYPH_FAMILY = _pairs(
    """
    髙橋:タカハシ 髙木:タカギ 山﨑:ヤマザキ 宮﨑:ミヤザキ 渡邊:ワタナベ 渡邉:ワタナベ
    齋藤:サイトウ 齊藤:サイトウ 濵田:ハマダ 德永:トクナガ 塚本:ツカモト 神田:カンダ
    𠮷田:ヨシダ 辻󠄀:ツジ 葛󠄀西:カサイ
    """
)
"""髙 﨑 濵 德, a supplementary character, compatibility ideographs and variation selectors."""

TOWN_CHARACTER_FAMILY = _pairs(
    """
    \ue000村:ヨシムラ \ue001本:ハシモト 渡\ue002:ワタナベ \ue003藤:サイトウ \ue004川:セガワ
    """
)
"""Names that the resident system can only write with its own characters (外字)."""

MALE_GIVEN = _pairs(
    """
    一郎:イチロウ 健太:ケンタ 大輔:ダイスケ 翔太:ショウタ 誠:マコト 隆:タカシ 浩二:コウジ
    拓也:タクヤ 直樹:ナオキ 学:マナブ 剛:ツヨシ 修:オサム 豊:ユタカ 茂:シゲル 実:ミノル
    正:タダシ 清:キヨシ 勝:マサル 進:ススム 勇:イサム 蓮:レン 湊:ミナト 陽翔:ハルト
    蒼:アオイ 樹:イツキ 悠真:ユウマ 大和:ヤマト 朝陽:アサヒ 律:リツ 颯太:ソウタ 和也:カズヤ
    達也:タツヤ 雄介:ユウスケ 亮:リョウ 純一:ジュンイチ 秀樹:ヒデキ 弘:ヒロシ 昭:アキラ
    武:タケシ 新:アラタ
    """
)
FEMALE_GIVEN = _pairs(
    """
    花子:ハナコ 美咲:ミサキ 陽子:ヨウコ 恵子:ケイコ 由美子:ユミコ 久美子:クミコ 裕子:ユウコ
    真由美:マユミ 幸子:サチコ 和子:カズコ 節子:セツコ 文子:フミコ 京子:キョウコ 千代:チヨ
    トメ:トメ ハル:ハル さくら:サクラ 結衣:ユイ 葵:アオイ 凛:リン 陽菜:ヒナ 芽依:メイ
    紬:ツムギ 莉子:リコ 詩:ウタ 杏:アン 彩:アヤ 愛:アイ 舞:マイ 麻衣:マイ 香織:カオリ
    智子:トモコ 直美:ナオミ 明美:アケミ 順子:ジュンコ 悦子:エツコ 千尋:チヒロ 優:ユウ
    澪:ミオ づ葉:ヅハ
    """
)
FOREIGN = (
    ("SAMPLE ADA", "", "見本　あだ", "ミホン　アダ", "F"),
    ("OKONKWO CHIAMAKA GRACE", "", "森　ちあまか", "モリ　チアマカ", "F"),
    ("ZHANG YULI", "張　玉蓮", "", "", "F"),
    ("WANG HAO", "王　浩", "大野　浩", "オオノ　ヒロシ", "M"),
    ("KIM MINJUN", "金　旻俊", "金本　俊", "カネモト　シュン", "M"),
    ("NGUYEN VAN MAU", "", "", "", "M"),
    ("TRAN THI THU", "", "", "", "F"),
    ("SILVA MAURO JOSE", "", "シルバ　マウロ", "シルバ　マウロ", "M"),
    ("SANTOS MARIA-LUISA", "", "", "", "F"),
    ("O'BRIEN SEAN", "", "", "", "M"),
    ("LI NA", "李　娜", "", "", "F"),
    ("", "朴　見本", "木村　見", "キムラ　ケン", "M"),
    ("GARCIA LOPEZ ANA", "", "", "", "F"),
    ("RAHMAN ABDUL", "", "", "", "M"),
)
"""Latin name, kanji name, 通称, its kana, sex."""


@dataclass(slots=True)
class Name:
    """The names of one person, each a separate item; empty where there is none.

    Kana are full-width katakana. ``kana_confirmed`` is None where there are no kana.
    ``former`` is 旧氏. Latin names are half-width capitals with half-width blanks.
    """

    family: str = ""
    given: str = ""
    family_kana: str = ""
    given_kana: str = ""
    kana_confirmed: bool | None = True
    latin: str = ""
    kanji: str = ""
    alias: str = ""
    alias_kana: str = ""
    former: str = ""
    former_kana: str = ""

    @property
    def foreign(self) -> bool:
        """Whether this is the name of a foreign resident."""
        return not self.family

    @property
    def registered(self) -> str:
        """The register name in full-width characters, parts joined by U+3000."""
        if self.family:
            return f"{self.family}　{self.given}"
        return full_width(self.latin) if self.latin else self.kanji

    @property
    def kana(self) -> str:
        """The kana of the register name, full-width, or empty."""
        if not self.family_kana:
            return ""
        return f"{self.family_kana}　{self.given_kana}"


_FULL = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


def full_width(text: str) -> str:
    """Return printable ASCII as full-width characters; the blank becomes U+3000."""
    return text.translate(_FULL)


def japanese(rng: random.Random, sex: str, family: tuple[str, str] | None = None) -> Name:
    """Return a Japanese name; ``family`` is surname and kana where it is given by the family."""
    surname, surname_kana = family or family_name(rng)
    given, given_kana = rng.choice(MALE_GIVEN if sex == "M" else FEMALE_GIVEN)
    name = Name(surname, given, surname_kana, given_kana)
    name.kana_confirmed = rng.random() < 0.8
    return name


def family_name(rng: random.Random) -> tuple[str, str]:
    """Return a surname and its kana; about one in fourteen has an old or private glyph."""
    draw = rng.random()
    if draw < 0.006:
        surname, kana = rng.choice(TOWN_CHARACTER_FAMILY)
    elif draw < 0.07:
        surname, kana = rng.choice(OLD_GLYPH_FAMILY)
    else:
        surname, kana = rng.choice(COMMON_FAMILY)
    return surname, kana


def foreign(rng: random.Random) -> tuple[Name, str]:
    """Return the name and sex of a foreign resident."""
    latin, kanji, alias, alias_kana, sex = rng.choice(FOREIGN)
    return (
        Name(kana_confirmed=None, latin=latin, kanji=kanji, alias=alias, alias_kana=alias_kana),
        sex,
    )
