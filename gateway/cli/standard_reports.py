"""What ``hitotsu standard`` prints of changes between editions and of an import."""

from __future__ import annotations

from rich.table import Table

from adapters.errors import ConfigurationError
from adapters.mapping.document import MappingError, read_document
from adapters.mapping.edition_effects import mapping_effects
from adapters.registry import InstalledAdapter, discover
from gateway.access.edition_effects import grant_effects
from gateway.cli.session import has_database, new_table, opened, out, run, say
from gateway.settings import Settings
from standard_models.edition_changes import EditionChanges, describe
from standard_models.workbooks import Import

MANY_LINES = 200
"""After so many lines of one kind the rest is counted, and ``--all`` shows it."""


def print_changes(settings: Settings, changes: EditionChanges, *, all_lines: bool) -> None:
    """Print what changed, and what that means for installed mappings and for grants."""
    breaking = sum(change.breaking for change in changes.changes)
    say(
        f"版の違い：{len(changes.changes)} 件（対応が要るもの {breaking} 件）"
        f"、{changes.old.edition_id} → {changes.new.edition_id}",
        f"{len(changes.changes)} changes, {breaking} of them breaking",
    )
    table = new_table("", "参照名 / Reference", "名称 / Name", "違い / Change")
    shown = changes.changes if all_lines else changes.changes[:MANY_LINES]
    for change in shown:
        mark = "！" if change.breaking else ""
        table.add_row(mark, change.ref, change.name, " / ".join(describe(change)))
    if changes.changes:
        out().print(table)
    if len(shown) < len(changes.changes):
        left = len(changes.changes) - len(shown)
        say(f"ほか {left} 件（--all で表示）", f"{left} more; --all shows them")
    _print_mapping_effects(changes)
    _print_grant_effects(settings, changes)


def _print_mapping_effects(changes: EditionChanges) -> None:
    table = new_table("", "アダプター / Adapter", "参照名 / Reference", "影響 / Effect")
    for package in discover():
        if not isinstance(package, InstalledAdapter):
            continue
        try:
            text = package.mapping_text()
            document = read_document(text).mapping if text else None
        except (ConfigurationError, MappingError):
            table.add_row("！", package.id, "", "対応表を読めません / the mapping cannot be read")
            continue
        if document is None:
            if any(group.startswith(changes.old.business_id) for group in package.manifest.groups):
                table.add_row("", package.id, "", "対応表がありません / has no mapping to look at")
            continue
        for effect in mapping_effects(document, changes):
            mark = "！" if effect.breaking else ""
            table.add_row(
                mark, package.id, effect.change.ref, f"{effect.text_ja} / {effect.text_en}"
            )
    _print_effects("対応表への影響", "effects on installed mappings", table)


def _print_grant_effects(settings: Settings, changes: EditionChanges) -> None:
    async def work() -> Table | None:
        table = new_table(
            "連携先 / Consumer", "許可 / Grant", "参照名 / Reference", "影響 / Effect"
        )
        if not await has_database(settings):
            return None
        async with opened(settings) as session:
            for client in await session.registry.list_clients():
                _, grants = await session.registry.show_client(client.client_id)
                for grant in grants:
                    if grant.revoked_at is not None:
                        continue
                    for effect in grant_effects(grant.items, changes):
                        table.add_row(
                            client.client_id, grant.grant_id, effect.change.ref,
                            f"{effect.text_ja} / {effect.text_en}",
                        )  # fmt: skip
        return table

    table = run(work())
    if table is None:
        say(
            "データベースが用意されていないため、許可への影響は調べていません。",
            "without a database the effects on grants were not looked at",
        )
        return
    _print_effects("許可への影響", "effects on grants", table)


def _print_effects(japanese: str, english: str, table: Table) -> None:
    if not table.row_count:
        say(f"{japanese}：ありません", f"{english}: none")
        return
    say(f"{japanese}：{table.row_count} 件", f"{english}: {table.row_count}")
    out().print(table)


def print_import(result: Import) -> None:
    """Print what was read of a workbook, what was not, and what was assumed."""
    if result.edition is not None:
        items = sum(1 for _ in result.edition.items)
        tables = len(result.edition.code_tables)
        groups = len(result.edition.groups)
        say(
            f"{result.edition.business_id} {result.edition.name}：{groups} グループ、"
            f"{items} 項目、{tables} コード表",
            f"{groups} groups, {items} items, {tables} code tables",
        )
    unread = [p for p in result.problems if p.place != "drawing"]
    say(
        f"セル {result.cells}：読み取り {result.read}、注記 {len(result.notes)}、"
        f"問題 {len(unread)}",
        f"{result.cells} cells: {result.read} read, {len(result.notes)} notes",
    )
    if result.problems:
        table = new_table("", "シート / Sheet", "セル / Cell", "内容 / Content", "規則 / Rule")
        for problem in result.problems:
            mark = "！" if problem.refuses else ""
            table.add_row(mark, problem.sheet, problem.place, problem.excerpt, problem.rule)
        out().print(table)
    for sheet in result.hidden_sheets:
        say(f"非表示のシート「{sheet}」も読みました。", f"the hidden sheet {sheet} was read too")
    for assumed in result.assumed:
        out().print(f"・{assumed}", markup=False, soft_wrap=True)
