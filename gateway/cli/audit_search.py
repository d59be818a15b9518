"""``hitotsu audit search``: what a security officer looks for. Every search is recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.audit import AuditKind
from gateway.audit.searches import (
    Bucket,
    Count,
    Due,
    SearchStore,
    Seen,
    UnknownYearError,
    Window,
    due,
    read_calendar,
    read_report_clocks,
    write_list,
)
from gateway.audit.searches.calendar import CLOSES, OPENS
from gateway.audit.signed_files import ListRefused, Signed, SignedKind, check_list
from gateway.cli.options import Municipality, day_option, moment_option, require_order
from gateway.cli.session import (
    Session,
    fail,
    new_table,
    opened,
    out,
    read_numbers,
    read_settings,
    refuse_existing,
    run,
    say,
)
from gateway.clock import TOKYO, SystemClock

app = typer.Typer(
    help="監査記録の検索（検索も記録される） / Searches; each is recorded.", no_args_is_help=True
)

Since = Annotated[
    dt.datetime | None, moment_option("この日時から（既定は 31 日前）", "From it; 31 days ago.")
]
Until = Annotated[
    dt.datetime | None, moment_option("この日時の前まで（既定は今）", "Before it; now.")
]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", help="この連携先は除く / Leave this consumer out."),
]
Client = Annotated[str | None, typer.Option(help="この連携先だけ / Of this consumer only.")]
Terminal = Annotated[
    str | None,
    typer.Option(help="この端末・利用者だけ（cli:… など） / Of this terminal or account only."),
]
Numbering = Annotated[
    str, typer.Option("--of", help="標準入力の番号の番号体系 / Numbering of the numbers typed in.")
]
Find = Callable[[Session, SearchStore, Window], Awaitable[Table]]
_KINDS = {
    SignedKind.CONCERNED: ("関わる人の一覧", "人"),
    SignedKind.DISCLOSURE: ("開示の報告書", "件"),
}


@app.command()
def person(
    municipality: Municipality,
    numbering: Numbering,
    since: Since = None,
    until: Until = None,
    client: Client = None,
    terminal: Terminal = None,
) -> None:
    """この人たちを誰が見たか（番号は標準入力） / Who saw these persons (standard input)."""
    numbers = read_numbers()

    async def find(session: Session, store: SearchStore, window: Window) -> Table:
        keys = [await _key(session, municipality, numbering, number) for number in numbers]
        for key in keys:
            await _record(session, municipality, "person", key)
        return _seen(await store.of_person(window, keys, client=client, terminal=terminal))

    _search(municipality, since, until, find, None)


@app.command("my-number")
def my_number(
    municipality: Municipality,
    since: Since = None,
    until: Until = None,
    client: Client = None,
    terminal: Terminal = None,
) -> None:
    """個人番号を扱った操作（断ったものも） / Who used My Numbers; refused calls as well."""

    async def find(_session: Session, store: SearchStore, window: Window) -> Table:
        return _seen(await store.my_numbers(window, client=client, terminal=terminal))

    _search(municipality, since, until, find, "my-number")


@app.command()
def concerned(
    client: Annotated[str, typer.Argument(help="連携先の ID / Consumer.")],
    file: Annotated[Path, typer.Argument(help="書き出すファイル / File to write.")],
    municipality: Municipality,
    since: Since = None,
    until: Until = None,
    numbering: Annotated[
        str | None,
        typer.Option(help="この番号体系の番号も書く / Write numbers of this numbering as well."),
    ] = None,
    known_on: Annotated[
        dt.date | None,
        day_option(
            "漏えい等を知った日。委員会への報告期限を示し、一覧にも書く",
            "Day on which the leak became known: says until when it is reported.",
        ),
    ] = None,
) -> None:
    """この連携先がこの間に照会した人すべての署名付き一覧 / Signed list of whom it concerns."""
    settings = read_settings()
    window = _window(municipality, since, until)
    refuse_existing(file)

    async def work() -> tuple[int, Due | None]:
        async with opened(settings) as session:
            # A misspelled id would be a signed statement that it concerns nobody.
            await session.registry.show_client(client)
            reports = _due(known_on, session) if known_on else None
            await _record(session, municipality, "concerned", None)
            numbers = await _numbers(session, municipality, numbering) if numbering else None
            count = await write_list(
                file,
                SearchStore(session.store).iter_concerned(window, client),
                session.keys.keys().head_key,
                window=window,
                client=client,
                made_at=session.clock.now(),
                numbers=numbers,
                reports=reports,
            )
            return count, reports

    count, reports = run(work())
    say(f"{count} 人を {file} に書き出しました。", f"{count} persons written to {file}.")
    if reports is not None:
        _say_due(reports)


@app.command("check-list")
def check_list_(
    file: Annotated[
        Path,
        typer.Argument(help="concerned の一覧、audit disclose の報告書 / List or report to check."),
    ],
) -> None:
    """一覧・報告書が署名されたままか確かめる / Check that a list or report is as it was signed."""
    settings = read_settings()

    async def work() -> Signed:
        async with opened(settings) as session:
            return check_list(file, session.keys.keys().heads)

    try:
        signed = run(work())
    except ListRefused:
        fail("署名されたままではありません。", "it is not as it was signed")
    what, unit = _KINDS[signed.kind]
    say(
        f"{what}（{signed.count} {unit}）、署名されたままです。",
        f"{signed.count} entries, as it was signed.",
    )


@app.command()
def nights(
    municipality: Municipality,
    since: Since = None,
    until: Until = None,
    without: Without = None,
    opens: Annotated[str, typer.Option(help="開庁 / Opens at.")] = f"{OPENS:%H:%M}",
    closes: Annotated[str, typer.Option(help="閉庁 / Closes at.")] = f"{CLOSES:%H:%M}",
    closed: Annotated[
        list[str] | None, typer.Option(help="ほかの閉庁日 YYYY-MM-DD / Another day off.")
    ] = None,
) -> None:
    """夜間・休日の操作 / What was done at night and on holidays."""
    try:
        calendar = read_calendar(
            dt.time.fromisoformat(opens),
            dt.time.fromisoformat(closes),
            frozenset(dt.date.fromisoformat(day) for day in closed or ()),
        )
    except ValueError:
        raise typer.BadParameter(
            "時刻は 08:30、日は 2026-10-01 の形です / a time is 08:30, a day 2026-10-01"
        ) from None

    async def find(_session: Session, store: SearchStore, window: Window) -> Table:
        try:
            spans = calendar.closed_spans(window.since, window.until)
        except UnknownYearError as unknown:
            fail(f"{unknown.year} 年の祝日の表がありません。", f"no holidays of {unknown.year}")
        return _seen(await store.within(window, spans, without=without or ()))

    _search(municipality, since, until, find, "nights")


@app.command()
def logins(
    municipality: Municipality,
    since: Since = None,
    until: Until = None,
    failed_at_least: Annotated[
        int, typer.Option(min=0, help="失敗がこの回数以上（0 はすべて） / Failures at least.")
    ] = 1,
) -> None:
    """ID と端末ごとの認証の失敗と成功 / Failed and good log-ins by id and terminal."""

    async def find(_session: Session, store: SearchStore, window: Window) -> Table:
        table = new_table(
            "連携先 / Id",
            "端末 / Terminal",
            "失敗 / Failed",
            "成功 / Good",
            "最初 / First",
            "最後 / Last",
        )
        for found in await store.logins(window, failed_at_least=failed_at_least):
            table.add_row(
                found.client_id or "—",
                found.terminal or "—",
                str(found.failed),
                str(found.succeeded),
                _time(found.first),
                _time(found.last),
            )
        return table

    _search(municipality, since, until, find, "logins")


@app.command()
def mass(
    municipality: Municipality,
    since: Since = None,
    until: Until = None,
    more_than: Annotated[
        int, typer.Option(min=1, help="この人数を超える / More persons than.")
    ] = 100,
    per: Annotated[Bucket, typer.Option(help="時間・日ごと / In one hour or day.")] = Bucket.HOUR,
) -> None:
    """一時間・一日に多くの人を見た連携先・端末 / Who looked at many persons at once."""

    async def find(_session: Session, store: SearchStore, window: Window) -> Table:
        return _counts(await store.masses(window, per, more_than))

    _search(municipality, since, until, find, "mass")


@app.command()
def repeated(
    municipality: Municipality,
    since: Since = None,
    until: Until = None,
    at_least: Annotated[int, typer.Option(min=2, help="この回数以上 / This often.")] = 10,
    days: Annotated[int, typer.Option(min=1, help="この日数以上 / On so many days.")] = 1,
    without: Without = None,
) -> None:
    """同じ端末が同じ人を何度も見た / One person seen again and again by one terminal."""

    async def find(_session: Session, store: SearchStore, window: Window) -> Table:
        found = await store.repeated(window, at_least=at_least, days=days, without=without or ())
        return _counts(found)

    _search(municipality, since, until, find, "repeated")


def _search(
    municipality: str,
    since: dt.datetime | None,
    until: dt.datetime | None,
    find: Find,
    recorded: str | None,
) -> None:
    """Record the search, then make it and print what was found."""
    settings = read_settings()
    window = _window(municipality, since, until)

    async def work() -> Table:
        async with opened(settings) as session:
            if recorded is not None:
                await _record(session, municipality, recorded, None)
            return await find(session, SearchStore(session.store), window)

    out().print(run(work()))


def _window(municipality: str, since: dt.datetime | None, until: dt.datetime | None) -> Window:
    end = until or SystemClock().now()
    begin = since or end - dt.timedelta(days=31)
    require_order(begin, end)
    return Window(municipality, begin, end)


def _due(known_on: dt.date, session: Session) -> Due:
    today = session.clock.now().astimezone(TOKYO).date()
    return due(known_on, today, read_calendar(), read_report_clocks())


def _say_due(reports: Due) -> None:
    """Say until when which report of the leak is due, and that the law decides."""
    first, last = reports.prompt
    say(
        f"個人情報保護委員会への速報：{first}〜{last} を目安に、速やかに（知った日 "
        f"{reports.known_on} を 1 日目と数えます）",
        f"Prompt report: without delay, about {first} to {last}.",
    )
    say(
        f"確報：{reports.full} まで。不正の目的によるおそれがあるときは "
        f"{reports.full_improper} まで（{reports.law}）",
        f"Full report: by {reports.full}; by {reports.full_improper} where the purpose may have "
        "been improper.",
    )


async def _key(session: Session, municipality: str, numbering: str, number: str) -> str:
    subject = await session.subjects.find_by_number(municipality, numbering, number)
    if subject is None:
        fail(
            f"番号体系 {numbering} に、この番号の人は登録されていません。",
            f"nobody has this number in {numbering}",
        )
    return session.audit_log().pseudonym(municipality, subject.subject_id)


async def _numbers(session: Session, municipality: str, numbering: str) -> dict[str, list[str]]:
    """Return the numbers in a numbering by pseudonym, of everybody who has one."""
    log = session.audit_log()
    numbers: dict[str, list[str]] = {}
    for subject_id, number in await session.subjects.numbers_in(municipality, numbering):
        numbers.setdefault(log.pseudonym(municipality, subject_id), []).append(number)
    if not numbers:
        fail(
            f"番号体系 {numbering} の番号は一つも登録されていません。",
            f"no numbers of {numbering} are known",
        )
    return numbers


async def _record(session: Session, municipality: str, search: str, key: str | None) -> None:
    await session.record(
        f"audit-search-{search}",
        "searched",
        municipality=municipality,
        kind=AuditKind.EVENT,
        subject_keys=[key],
    )


def _seen(rows: Sequence[Seen]) -> Table:
    table = new_table(
        "日時 / Time",
        "連携先 / Who",
        "端末 / Terminal",
        "機能・目的 / What",
        "結果 / Outcome",
        "ID",
    )
    for row in rows:
        what = " ".join(filter(None, (row.function, row.purpose_id)))
        table.add_row(
            _time(row.at),
            row.client_id or "—",
            row.terminal or "—",
            what,
            row.ending,
            row.audit_id,
        )
    return table


def _counts(rows: Sequence[Count]) -> Table:
    headings: list[Any] = [
        "連携先 / Who", "端末 / Terminal", "人・時間 / Person or time",
        "回数 / Times", "人数 / Persons", "日数 / Days", "最初 / First", "最後 / Last",
    ]  # fmt: skip
    table = new_table(*headings)
    for row in rows:
        table.add_row(
            row.client_id or "—",
            row.terminal or "—",
            row.subject_key or row.bucket or "",
            str(row.count),
            str(row.persons),
            str(row.days),
            _time(row.first),
            _time(row.last),
        )
    return table


def _time(time: dt.datetime) -> str:
    return time.astimezone(TOKYO).isoformat(timespec="seconds")
