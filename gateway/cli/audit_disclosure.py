"""``hitotsu audit disclose``: what one person is shown of the record, on paper and signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.accesses import AccessesStore
from gateway.accesses.reports import (
    FUNCTION_NOBODY,
    DisclosureReport,
    DisclosureReports,
    write_report,
)
from gateway.accesses.view import AccessView
from gateway.cli.options import Municipality
from gateway.cli.protection_releases import protection_of
from gateway.cli.session import (
    REFUSED,
    fail,
    opened,
    read_dictionary,
    read_numbers,
    read_settings,
    refuse_existing,
    run,
    say,
)
from gateway.cli.whole_files import whole_files


def disclose(
    file: Annotated[Path, typer.Argument(help="書き出す HTML / The file to write.")],
    municipality: Municipality,
    numbering: Annotated[
        str,
        typer.Option("--of", help="標準入力の番号の番号体系 / Numbering of the number piped in."),
    ],
    *,
    at_counter: Annotated[
        bool,
        typer.Option(
            "--at-counter",
            help="窓口で本人を確かめた。支援措置のある人の一覧も出る / The person was identified "
            "at the counter: a protected person's list is written as well.",
        ),
    ] = False,
) -> None:
    """開示請求に応える、本人に見せる一覧の署名付き報告書（番号は標準入力） / Report to a resident.

    It says what the resident's own view says. The number comes by standard input.
    """
    refuse_existing(file)
    settings, numbers = read_settings(), read_numbers()
    if len(set(numbers)) != 1:
        fail("本人の番号を一つだけ渡してください。", "pass the one number of the person", 2)

    async def work() -> DisclosureReport:
        async with opened(settings) as session:
            subject = await session.subjects.find_by_number(municipality, numbering, numbers[0])
            if subject is None:
                await session.record(FUNCTION_NOBODY, "refused", municipality=municipality)
                fail("この番号の人は登録されていません。", "nobody has this number", REFUSED)
            key = session.keys.keys().head_key
            async with (
                protection_of(session, settings) as protection,
                session.audit_log() as log,
            ):
                await protection.pull()
                dictionary = read_dictionary(settings)
                view = AccessView(
                    AccessesStore(session.store), protection, log, dictionary, session.clock
                )
                reports = DisclosureReports(view, log, clock=session.clock)
                report = await reports.make(
                    municipality, subject, at_counter=at_counter, actor=session.actor
                )
                with whole_files(file) as (written,):
                    write_report(written, report, key)
            return report

    report = run(work())
    if report.accesses is None:
        say(
            f"窓口でお見せする案内を {file} に書きました。報告書の番号 {report.report_id}",
            f"{file} asks the person to come to the office; report {report.report_id}.",
        )
        return
    count = len(report.accesses)
    say(
        f"{count} 件を {file} に書きました。報告書の番号 {report.report_id}",
        f"{count} uses written to {file}; report {report.report_id}.",
    )
