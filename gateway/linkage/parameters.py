"""What a parameter of a call must be: the columns of the edition become checks. Pure.

Source: 共通機能 API仕様 2.0, パラメータ and エラーコード一覧 (E0001 to E0004). The workbook gives
E0003 for items of a fixed length; a text longer than its item is refused with the same code.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.linkage.shape import CallError
from standard_models.api_specifications import ApiSpecification
from standard_models.checks import check_full_width
from standard_models.dictionary import Condition, DataItem, DataType
from standard_models.reference.check_digits import my_number_check
from standard_models.values.text import character_length

FLAGS: Final[Mapping[str, str]] = {
    "shorikubun": "012",
    "tsusho_furiganakakuninjokyo": "01",
    "seibetsu": "012",
    "seinengappi_fushofuragu": "01",
    "nayosemotofuragu": "01",
    "tagyomusanshofukafuragu": "01",
}
"""Parameters of one character, and which."""
_DIGITS: Final = frozenset(
    {
        "shikuchosonkodo",
        "kojinbango",
        "jusho_shikuchosonkodo",
        "jusho_choazakodo",
        "jusho_yubinbango",
        "jusho_kokumeikodo",
    }
)
_OPEN: Final = frozenset({"atenabango", "nayosesakiatenabango", "sosashaid"}) | {
    "shiteitoshi_gyoseikutokodo"
}
"""Half-width parameters whose length is a maximum."""
NEEDS: Final[Mapping[str, str]] = {
    "uji_nihonjin": "na_nihonjin",
    "na_nihonjin": "uji_nihonjin",
    "shimei_furigana": "shimei",
    "uji_nihonjin_furigana": "uji_nihonjin",
    "na_nihonjin_furigana": "na_nihonjin",
    "tsusho_furigana": "tsusho",
    "tsusho_furiganakakuninjokyo": "tsusho_furigana",
    "seinengappi_fushohyoki": "seinengappi_fushofuragu",
    "jusho_katagaki_furigana": "jusho_katagaki",
    "jusho_kokugaijusho": "jusho_kokumeito",
}
"""A parameter and the one that must stand beside it."""
_NOT_FULL_WIDTH: Final = frozenset({"WRONG_WIDTH", "FORBIDDEN_CHARACTER"})
_PLACES: Final = re.compile("【[^】]*】|X桁")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_HALF: Final = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]*", re.ASCII)


class Parameters:
    """Checks the parameters of one call by the items that the specification lists.

    Args:
        required: what must be set; by default what the list says.

    """

    def __init__(
        self,
        items: Sequence[DataItem],
        api: ApiSpecification,
        required: frozenset[str] | None = None,
    ) -> None:
        self._items = {item.field_name: item for item in items}
        by_list = (i.field_name for i in items if i.condition is Condition.REQUIRED)
        self._required = frozenset(by_list) if required is None else required
        self._messages = {error.code: error.message for error in api.errors}

    def check(self, body: object) -> tuple[dict[str, str], list[CallError]]:
        """Return the parameters that are set, and everything that is wrong with them.

        A parameter that is null or empty is not set.
        """
        if not isinstance(body, dict):
            return {}, [self.error("E0002", "リクエスト", "JSON形式")]
        wrong: list[CallError] = []
        if body.keys() - self._items.keys():
            wrong.append(self.error("E0002", "パラメータ名", "仕様にある項目名"))
        found: dict[str, str] = {}
        for name, item in self._items.items():
            sent = body.get(name)
            if sent is None or sent == "":
                if name in self._required:
                    wrong.append(self.missing(name))
            elif (error := self._against(item, sent)) is not None:
                wrong.append(error)
            elif isinstance(sent, str):
                found[name] = sent
        present = {name for name in self._items if body.get(name) not in (None, "")}
        return found, [*wrong, *self._related(found, present)]

    def missing(self, name: str) -> CallError:
        """Return that a parameter must be set."""
        return self.error("E0001", self._items[name].name)

    def wrong(self, name: str, allowed: str) -> CallError:
        """Return that a parameter must be of another kind."""
        return self.error("E0002", self._items[name].name, allowed)

    def needs(self, name: str, other: str) -> CallError:
        """Return that ``name`` needs ``other`` beside it."""
        return self.error("E0004", self._items[name].name, self._items[other].name)

    def error(self, code: str, *words: str) -> CallError:
        """Return the error with ``words`` in the place holders of its message, in order."""
        left = iter(words)
        message = _PLACES.sub(lambda place: next(left, place[0]), self._messages[code])
        return CallError(code, message)

    def _against(self, item: DataItem, sent: object) -> CallError | None:
        """Return what speaks against a value, None if nothing does."""
        if not isinstance(sent, str):
            return self.wrong(item.field_name, "文字列")
        allowed, fits = _class_of(item, sent)
        if not fits:
            return self.wrong(item.field_name, allowed)
        length = character_length(sent)
        if _is_fixed(item):
            if length not in _lengths(item):
                return self.error("E0003", item.name, f"{item.length}桁")
        elif length > item.length:
            return self.error("E0003", item.name, f"{item.length}桁以内")
        return self._value(item, sent)

    def _value(self, item: DataItem, sent: str) -> CallError | None:
        """Return what speaks against a text of the right characters and length."""
        name = item.field_name
        if name in FLAGS and sent not in FLAGS[name]:
            return self.wrong(name, "・".join(FLAGS[name]))
        if name == "kojinbango" and my_number_check(sent[:11]) != sent[11]:
            return self.wrong(name, "検査用数字の合う番号")
        if item.data_type is DataType.DATE and not _is_day(sent, open_=item.allows_unknown_date):
            return self.wrong(name, "暦にある日付（YYYY-MM-DD）")
        if item.data_type is DataType.TIME and not _TIME.fullmatch(sent):
            return self.wrong(name, "時刻（HH:MM:SS）")
        return None

    def _related(self, found: Mapping[str, str], present: set[str]) -> Iterator[CallError]:
        if found.get("shorikubun") in {"1", "2"} and "atenabango" not in present:
            # The sample of the specification gives E0001 for it.
            yield self.missing("atenabango")
        for name, other in NEEDS.items():
            if name in present and other not in present and other in self._items:
                yield self.needs(name, other)
        for flag, other in (
            ("seinengappi_fushofuragu", "seinengappi_fushohyoki"),
            ("nayosemotofuragu", "nayosesakiatenabango"),
        ):
            if found.get(flag) == "1" and other not in present:
                yield self.needs(flag, other)


def _class_of(item: DataItem, sent: str) -> tuple[str, bool]:
    """Return the characters that an item may have, and whether ``sent`` has no others."""
    if item.data_type is DataType.FULL_WIDTH:
        found = check_full_width(sent, item.length)
        return "全角", all(quality.code not in _NOT_FULL_WIDTH for quality in found)
    if item.data_type in {DataType.DATE, DataType.TIME}:
        return "半角", sent.isascii() and sent.isprintable()
    if item.field_name in _DIGITS or item.field_name in FLAGS:
        return "半角数字", bool(_NUMBER.fullmatch(sent))
    return "半角英数字", bool(_HALF.fullmatch(sent))


def _is_fixed(item: DataItem) -> bool:
    return item.data_type is not DataType.FULL_WIDTH and item.field_name not in _OPEN


def _lengths(item: DataItem) -> frozenset[int]:
    """Return the lengths of a fixed item; the seconds of a time may be left out."""
    return frozenset({item.length, 5} if item.data_type is DataType.TIME else {item.length})


def _is_day(text: str, *, open_: bool) -> bool:
    """Return whether ``text`` is a day; ``open_`` allows one of which parts are not known."""
    if not _DATE.fullmatch(text):
        return False
    if open_ and (text.endswith("-00") or text[:4] in {"0000", "9999"}):
        return int(text[5:7]) <= 12 and int(text[8:]) <= 31
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return text[:4] == "0000" and text[5:] == "01-01"
    return True
