"""The tree of commands. One module for each noun; a command that fails says why in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import typer

from gateway.cli import (
    adapters,
    audit,
    clients,
    database,
    docs,
    edge,
    evidence,
    expiries,
    field_sets,
    keys,
    linkage,
    logins,
    mapping,
    my_numbers,
    notices,
    protection,
    purposes,
    representations,
    routes,
    serving,
    snapshots,
    staff,
    standard,
    subjects,
    submissions,
)
from gateway.cli.session import INTERNAL, err

app = typer.Typer(
    name="hitotsu",
    help="ひとつ：住民記録・税務・福祉をつなぐ連携ゲートウェイ / Hitotsu, the integration gateway.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serving.serve)
app.command("edge")(edge.edge)
app.command("expiries")(expiries.expiries)
app.command("docs")(docs.docs)
app.add_typer(database.app, name="db")
app.add_typer(keys.app, name="keys")
app.add_typer(clients.app, name="client")
app.add_typer(purposes.app, name="purpose")
app.add_typer(field_sets.app, name="field-set")
app.add_typer(subjects.app, name="subject")
app.add_typer(logins.app, name="login")
app.add_typer(my_numbers.app, name="my-number")
app.add_typer(representations.app, name="representation")
app.add_typer(protection.app, name="protection")
app.add_typer(notices.app, name="notice")
app.add_typer(evidence.app, name="evidence")
app.add_typer(submissions.app, name="submission")
app.add_typer(linkage.app, name="linkage")
app.add_typer(adapters.app, name="adapter")
app.add_typer(routes.app, name="route")
app.add_typer(snapshots.app, name="snapshot")
app.add_typer(staff.app, name="staff")
app.add_typer(audit.app, name="audit")
app.add_typer(standard.app, name="standard")
app.add_typer(mapping.app, name="mapping")


def main(command: Callable[[], object] = app) -> None:
    """Run the command line. Whatever was not foreseen ends in one line too, not in a trace."""
    try:
        command()
    except Exception as error:
        if os.environ.get("HITOTSU_LOG_LEVEL") == "debug":
            raise
        name = type(error).__name__
        err().print(
            f"エラー：内部で誤りが起きました（{name}）。HITOTSU_LOG_LEVEL=debug で詳しく"
            f"表示します。 / Error: internal error ({name}); HITOTSU_LOG_LEVEL=debug shows more",
            markup=False,
        )
        sys.exit(INTERNAL)
