"""The words of the state page."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.clock import TOKYO
from gateway.console.schemas import AdapterCondition, AdapterState
from standard_models.values.eras import era_of


@dataclass(frozen=True, slots=True)
class ConditionWords:
    """A condition in words and as a mark, so that it never rests on colour alone."""

    label: str
    mark: str
    meaning: str


WORDS = {
    AdapterCondition.SUSPECT: ConditionWords(
        "要確認", "！", "別の人の記録を返したため、その回答を捨てました。"
    ),
    AdapterCondition.DOWN: ConditionWords("停止", "×", "システムに接続できません。"),
    AdapterCondition.QUARANTINED: ConditionWords(
        "隔離", "■", "設定またはパッケージに誤りがあり、使っていません。"
    ),
    AdapterCondition.CLOSED: ConditionWords("時間外", "◐", "システムの利用時間外です。"),
    AdapterCondition.UNKNOWN: ConditionWords("未確認", "？", "まだ一度も確認していません。"),
    AdapterCondition.ONLINE: ConditionWords("稼働中", "○", "照会に答えられます。"),
}
"""In the order of the page: what needs a person comes first."""


@dataclass(frozen=True, slots=True)
class TimeText:
    """A time for people and for machines."""

    text: str
    iso: str


@dataclass(frozen=True, slots=True)
class AdapterCard:
    """One adapter as the page shows it."""

    state: AdapterState
    words: ConditionWords
    checked_at: TimeText | None
    as_of: TimeText | None
    opens_at: TimeText | None
    flag_copy: str | None


@dataclass(frozen=True, slots=True)
class StatePage:
    """The whole page. ``counts`` holds the conditions that occur, in the order of the page."""

    made_at: TimeText
    counts: tuple[tuple[AdapterCondition, ConditionWords, int], ...]
    cards: tuple[AdapterCard, ...]


def arrange(states: Sequence[AdapterState], now: dt.datetime) -> StatePage:
    """Return the page of these adapters at ``now`` (aware)."""
    order = list(WORDS)
    ranked = sorted(
        states, key=lambda s: (order.index(s.state), s.municipality, s.system_name, s.adapter_id)
    )
    found = Counter(state.state for state in states)
    return StatePage(
        _time(now),
        tuple((c, WORDS[c], found[c]) for c in order if found[c]),
        tuple(_card(state) for state in ranked),
    )


def _card(state: AdapterState) -> AdapterCard:
    return AdapterCard(
        state,
        WORDS[state.state],
        _time(state.checked_at) if state.checked_at else None,
        _time(state.as_of) if state.as_of else None,
        _time(state.opens_at) if state.opens_at else None,
        _flag_copy(state),
    )


def _flag_copy(state: AdapterState) -> str | None:
    if not state.is_flag_authority:
        return None
    if state.flag_copy_age_s is None:
        return "まだありません"
    return f"{_age(state.flag_copy_age_s)}前に取得"


def _age(seconds: float) -> str:
    """Return an age in the largest unit that fits, rounded down."""
    whole = max(0, int(seconds))
    for size, unit in ((86_400, "日"), (3_600, "時間"), (60, "分")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}秒"


def _time(at: dt.datetime) -> TimeText:
    """Return a time as offices write it: era year, Tokyo time."""
    local = at.astimezone(TOKYO)
    era = era_of(local.date())
    year = era.year_of(local.year)
    text = f"{era.name}{'元' if year == 1 else year}年{local.month}月{local.day}日 {local:%H:%M:%S}"
    return TimeText(text, local.isoformat(timespec="seconds"))
