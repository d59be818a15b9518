"""The tree of commands. One module for each noun; a command that fails says why in one line.

The module of a noun is imported when somebody says the noun: reading the whole gateway takes longer
than most commands need for their work.
"""

from __future__ import annotations

import gc
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

COLLECT_AFTER: Final = 20_000
"""Objects made and not freed until the collector of cycles looks at the young ones."""
_PLACES: Final[Mapping[str, str]] = {
    "serve": "serving:serve",
    "edge": "edge:edge",
    "expiries": "expiries:expiries",
    "docs": "docs:docs",
    "db": "database:app",
    "keys": "keys:app",
    "client": "clients:app",
    "purpose": "purposes:app",
    "field-set": "field_sets:app",
    "subject": "subjects:app",
    "login": "logins:app",
    "my-number": "my_numbers:app",
    "representation": "representations:app",
    "protection": "protection:app",
    "notice": "notices:app",
    "evidence": "evidence:app",
    "submission": "submissions:app",
    "linkage": "linkage:app",
    "adapter": "adapters:app",
    "retention": "retention:app",
    "route": "routes:app",
    "snapshot": "snapshots:app",
    "delivery": "deliveries:app",
    "reconcile": "reconciling:reconcile",
    "staff": "staff:app",
    "audit": "audit:app",
    "standard": "standard:app",
    "mapping": "mapping:app",
}
"""Where the command or the group of commands of a first word stands."""


class _Nouns(Mapping[str, Any]):
    """The commands and groups by their first word; looking one up imports its module."""

    def __getitem__(self, noun: str) -> Any:
        return _command(noun, _PLACES[noun])

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


@cache
def _command(noun: str, place: str) -> Any:
    found = pkgutil.resolve_name(f"gateway.cli.{place}")
    tree = typer.Typer()
    if isinstance(found, typer.Typer):
        tree.add_typer(found, name=noun)
    else:
        tree.command(noun)(found)
    return typer.main.get_group(tree).commands[noun]


class _Tree(TyperGroup):
    """The group of every first word."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Mapping[str, Any] = _Nouns()  # type: ignore[assignment]  # never added to

    def invoke(self, ctx: Any) -> Any:
        """Run what the words say; what is wrong with them is told in both languages."""
        try:
            return super().invoke(ctx)
        except TyperException as error:
            # Only here: to run a command takes more than to say that it failed.
            from gateway.cli.usage import in_both_languages

            raise in_both_languages(error) from None


app = typer.Typer(
    name="hitotsu",
    cls=_Tree,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(
    help="ひとつ：住民記録・税務・福祉をつなぐ連携ゲートウェイ / Hitotsu, the integration gateway.",
    no_args_is_help=True,
)
def _hitotsu() -> None:
    pass


def main(command: Callable[[], object] = app) -> None:
    """Run the command line. Whatever was not foreseen ends in one line too, not in a trace."""
    # A start makes many objects that stay and little garbage, the work of a command the same.
    gc.set_threshold(COLLECT_AFTER)
    try:
        command()
    except Exception as error:
        if os.environ.get("HITOTSU_LOG_LEVEL") == "debug":
            raise
        # Only here: to run a command takes more than to say that it failed.
        from gateway.cli.session import INTERNAL, err

        name = type(error).__name__
        err().print(
            f"エラー：内部で誤りが起きました（{name}）。HITOTSU_LOG_LEVEL=debug で詳しく"
            f"表示します。 / Error: internal error ({name}); HITOTSU_LOG_LEVEL=debug shows more",
            markup=False,
        )
        sys.exit(INTERNAL)
