"""``hitotsu adapter new | check | certify | draft-golden``: from an idea to a certificate."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.progress import Progress

from adapters.conformance.cases import CASES
from adapters.conformance.certificates import SUFFIX, certify, to_text
from adapters.conformance.description import FOLDER, read_description
from adapters.conformance.drafts import draft_golden
from adapters.conformance.kit import Kit
from adapters.conformance.model import CaseResult, Outcome, Report
from adapters.conformance.reports import as_json, as_junit
from adapters.conformance.runner import run_kit
from adapters.conformance.scaffold import SCAFFOLDS, ScaffoldError, scaffold
from adapters.conformance.texts import case_texts
from adapters.errors import AdapterError, ConfigurationError
from adapters.registry import InstalledAdapter, QuarantinedAdapter, discover, inspect_package
from gateway.cli.rehearsals import rehearse_
from gateway.cli.session import (
    err,
    fail,
    new_table,
    out,
    read_dictionary,
    read_settings,
    say,
)
from gateway.clock import SystemClock

Package: TypeAlias = Annotated[
    str, typer.Argument(help="アダプターの ID かパッケージ / Id or package of the adapter.")
]
_MARKS = {
    Outcome.PASSED: "合格 / passed",
    Outcome.FAILED: "不合格 / failed",
    Outcome.WAIVED: "免除 / waived",
    Outcome.NOT_APPLICABLE: "対象外 / n.a.",
}


def new(
    name: Annotated[str, typer.Argument(help="アダプターの ID（英小文字とハイフン） / Its id.")],
    source: Annotated[
        str, typer.Option(help=f"つなぎ方：{'、'.join(SCAFFOLDS)} / The kind of source.")
    ] = "sql",
    directory: Annotated[
        Path, typer.Option(file_okay=False, help="作る場所 / Where to write it.")
    ] = Path(),
) -> None:
    """動く骨組みを、独立した配布物として作る / Write a distribution of its own that ends green."""
    try:
        written = scaffold(name, source, directory)
    except ScaffoldError as error:
        fail(error.text_ja, error.text_en)
    for path in written:
        out().print(str(path), markup=False)
    say(
        f"{len(written)} 個のファイルを書きました。次は：cd {directory / name} && "
        f"hitotsu adapter check {name.replace('-', '_')}",
        f"{len(written)} files; next: hitotsu adapter check {name.replace('-', '_')} from there",
    )


def check(
    package: Package,
    case: Annotated[
        list[str] | None, typer.Option("--case", help="このケースだけ / These cases only.")
    ] = None,
    calls: Annotated[
        int | None, typer.Option(min=10, help="多く呼ぶケースの回数 / Calls of the long cases.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(dir_okay=False, help="JUnit の書き先 / Where to write JUnit.")
    ] = None,
    json_: Annotated[
        Path | None,
        typer.Option("--json", dir_okay=False, help="JSON の書き先 / Where to write JSON."),
    ] = None,
) -> None:
    """適合試験を行う / Run the conformance kit."""
    report = _run(_find(package), case, calls)
    if junit is not None:
        junit.write_bytes(as_junit(report))
    if json_ is not None:
        text = json.dumps(as_json(report), ensure_ascii=False, indent=1)
        json_.write_text(f"{text}\n", "utf-8")
    _print(report)
    if not report.passed:
        raise typer.Exit(1)


def certify_(
    package: Package,
    directory: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="書き先（既定は設定のフォルダー） / Where to write it."),
    ] = None,
    wheel: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="配布物の wheel / The wheel, for its hash."),
    ] = None,
    run_by: Annotated[
        str | None, typer.Option(help="誰が行ったか（既定は利用者名） / Who ran it.")
    ] = None,
    calls: Annotated[
        int | None, typer.Option(min=10, help="多く呼ぶケースの回数 / Calls of the long cases.")
    ] = None,
) -> None:
    """適合試験を行い、証明書を書く / Run the kit and write a certificate."""
    adapter = _find(package)
    report = _run(adapter, None, calls)
    try:
        certificate = certify(
            report,
            adapter.manifest,
            adapter.folder(),
            run_by=run_by or getpass.getuser(),
            wheel=wheel,
        )
    except ConfigurationError:
        _print(report)
        fail("証明書は出せません。上の不合格を直してください。", "no certificate: mend what failed")
    folder = directory or read_settings().certificates_dir
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{adapter.id}{SUFFIX}"
    path.write_text(to_text(certificate), "utf-8")
    say(
        f"水準 {certificate.level} の証明書を {path} に書きました（{certificate.expires} まで）。",
        f"certificate of level {certificate.level} written to {path}",
    )


def draft_golden_(package: Package) -> None:
    """見本の対の下書きを作る / Draft golden pairs from the recorded answers."""
    adapter = _find(package)
    try:
        description = read_description(adapter.folder() / FOLDER)
        kit = Kit(adapter, read_dictionary(read_settings()), description)
        drafts = asyncio.run(draft_golden(kit))
    except AdapterError as error:
        fail(f"下書きを作れません（{error.detail}）", f"no draft: {error.detail}")
    folder = adapter.folder() / FOLDER / "golden"
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name, text in drafts.items():
        path = folder / name
        if not path.exists():
            path.write_text(text, "utf-8")
            out().print(str(path), markup=False)
            written += 1
    say(
        f"下書き {written} 件。仕様書と一行ずつ照らし合わせてください。前のものは変えません。",
        f"{written} drafts; compare every line with the document (what was there stays as it is)",
    )


def _find(name: str) -> InstalledAdapter:
    found: InstalledAdapter | QuarantinedAdapter | None = next(
        (a for a in discover() if a.id == name), None
    )
    if found is None:
        if str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        found = inspect_package(name)
    if isinstance(found, QuarantinedAdapter):
        fail(f"{name}：{found.reason_ja}", f"{name}: {found.reason_en}")
    return found


def _run(adapter: InstalledAdapter, only: list[str] | None, calls: int | None) -> Report:
    known = {case.id: case for case in CASES}
    if unknown := [name for name in only or () if name not in known]:
        fail(f"ケース {', '.join(unknown)} はありません", f"no case {', '.join(unknown)}")
    cases = [known[name] for name in only] if only else list(CASES)
    with Progress(console=err(), transient=True) as progress:
        task = progress.add_task("適合試験 / conformance", total=len(cases))

        def tell(result: CaseResult, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, description=result.case.id)

        return asyncio.run(
            run_kit(
                adapter,
                read_dictionary(read_settings()),
                today=SystemClock().now().date(),
                cases=cases,
                calls=calls,
                tell=tell,
            )
        )


def _print(report: Report) -> None:
    texts = case_texts()
    table = new_table("層", "ケース / Case", "題 / Title", "結果 / Result")
    for result in report.results:
        title = texts[result.case.id].title["ja"]
        mark = _MARKS[result.outcome]
        table.add_row(result.case.layer.value, result.case.id, title, mark)
    out().print(table)
    for problem in report.problems:
        out().print(f"kit: {problem}", markup=False)
    for result in report.results:
        if not result.problems:
            continue
        text = texts[result.case.id]
        out().print(f"{result.case.id}：{_MARKS[result.outcome]}", markup=False)
        for problem in result.problems:
            out().print(f"  - {problem}", markup=False, soft_wrap=True)
        out().print(
            f"  直し方：{text.mend['ja']} / {text.mend['en']}", markup=False, soft_wrap=True
        )
    counts = {o: sum(r.outcome is o for r in report.results) for o in Outcome}
    level_ja, level_en = (str(report.level()),) * 2
    if report.level() is None:
        part_ja, part_en = (
            ("（一部のケースだけ）", " (some cases only)") if report.partial else ("", "")
        )
        level_ja, level_en = f"なし{part_ja}", f"none{part_en}"
    say(
        "、".join(f"{_MARKS[o].partition(' /')[0]} {n}" for o, n in counts.items())
        + f"。水準：{level_ja}",
        ", ".join(f"{n} {o.value}" for o, n in counts.items()) + f"; level {level_en}",
    )


def register(app: typer.Typer) -> None:
    """Add the commands to ``hitotsu adapter``."""
    app.command("new")(new)
    app.command("check")(check)
    app.command("certify")(certify_)
    app.command("rehearse")(rehearse_)
    app.command("draft-golden")(draft_golden_)
