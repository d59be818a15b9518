"""What a command works with, and how it ends: exit codes, one-line errors, no stack traces.

Exit codes: 0 done, 1 refused or not in order, 2 wrong usage, 3 the installation is not set up
(settings, keys, database), 70 an error of ours.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import sys
import unicodedata
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich import box
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy.exc import SQLAlchemyError

from adapters.errors import AdapterError
from gateway.access import AccessRegistry, AccessStore
from gateway.access.field_sets import FieldSets
from gateway.access.login_registry import LoginProviderRegistry
from gateway.access.registrar import Registrar
from gateway.audit import NO_MUNICIPALITY, AuditEntry, AuditKind, AuditLog, AuditStore
from gateway.clock import SystemClock
from gateway.editions import EditionsError, open_dictionary
from gateway.errors import ExplainedError
from gateway.keys import FileKeyStore, KeysError
from gateway.logs import open_log
from gateway.problems import Problem
from gateway.settings import Settings, misspelled
from gateway.store.engine import Store, StoreUrlError, open_store
from gateway.store.migrate import schema_state
from gateway.subjects import LinkFileError, SubjectService, SubjectStore
from standard_models.dictionary import Dictionary

REFUSED: Final = 1
NOT_SET_UP: Final = 3
INTERNAL: Final = 70
WIDE: Final = 240
PATIENCE_S: Final = 10.0
"""How long a command waits for its audit record: nobody stands at a counter for it."""
_FIELD: Final = re.compile(r'"(\w+)"')
_LOGIN: Final = Path("/proc/self/loginuid")
IDS_WITH_DASHES: Final = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
"""Context of a command that takes an id in base64url: one in 64 begins with a dash, which would be
taken for an option. So the command has no short ones, not even that for help."""
_NOBODY: Final = 2**32 - 1
"""What the kernel says of a process that no login began."""

Result = TypeVar("Result")
Registry = TypeVar("Registry", bound=Registrar)


class SetUpError(ExplainedError):
    """The installation is not ready; the texts say which command helps."""


@dataclass(frozen=True, slots=True)
class Session:
    """One command's settings, open store and services. ``actor`` stands in the audit record."""

    settings: Settings
    store: Store
    clock: SystemClock
    keys: FileKeyStore
    actor: str

    @property
    def registry(self) -> AccessRegistry:
        """Return the registry of clients, purposes and grants."""
        return self._registrar(AccessRegistry)

    @property
    def login_providers(self) -> LoginProviderRegistry:
        """Return the registry of those who sign the logins of citizens."""
        return self._registrar(LoginProviderRegistry)

    @property
    def field_sets(self) -> FieldSets:
        """Return the registry of named sets of items."""
        return self._registrar(FieldSets)

    def _registrar(self, kind: type[Registry]) -> Registry:
        return kind(
            AccessStore(self.store),
            read_dictionary(self.settings),
            clock=self.clock,
            actor=self.actor,
        )

    @property
    def subjects(self) -> SubjectService:
        """Return the persons."""
        return SubjectService(SubjectStore(self.store), self.keys, clock=self.clock)

    def audit_log(self) -> AuditLog:
        """Return an audit log that is not running yet."""
        log = open_log(self.settings.log_level)
        return AuditLog(AuditStore(self.store), self.keys, log=log, patience_s=PATIENCE_S)

    async def record(
        self,
        function: str,
        outcome: str,
        *,
        municipality: str = NO_MUNICIPALITY,
        kind: AuditKind = AuditKind.OPERATION,
        subject_keys: Sequence[str | None] = (None,),
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Make durable what a command does, before anything of it is shown (AU-2, AU-11).

        One record for each of ``subject_keys``, the pseudonyms of the people touched (AU-10).

        Raises:
            Problem: ``audit-unavailable``.
        """
        async with self.audit_log() as log:
            for key in subject_keys:
                await log.append(
                    AuditEntry(
                        municipality=municipality,
                        at=self.clock.now(),
                        kind=kind,
                        outcome=outcome,
                        trace_id="",
                        terminal=self.actor,
                        subject_key=key,
                        function=function,
                        after=after,
                    )
                )


def out() -> Console:
    """Return standard output; wide where no terminal limits it, so that nothing is cut.

    What stands in brackets is text: names and reasons that somebody typed are no marks.
    """
    width = None if sys.stdout.isatty() else WIDE
    return Console(highlight=False, markup=False, width=width)


def new_table(*headings: str) -> Table:
    """Return an empty table that folds long cells instead of cutting them."""
    return Table(*(Column(heading, overflow="fold") for heading in headings), box=box.SIMPLE)


def err() -> Console:
    """Return standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(japanese: str, english: str) -> None:
    """Print what was done, in both languages on one line."""
    out().print(f"{japanese} / {english}", markup=False, soft_wrap=True)


def fail(japanese: str, english: str, code: int = REFUSED) -> NoReturn:
    """Print why nothing was done and end the command with ``code``."""
    err().print(f"エラー：{japanese} / Error: {english}", markup=False)
    raise typer.Exit(code)


def refuse_existing(path: Path) -> None:
    """End the command if there is such a file: nothing is written over."""
    if path.exists():
        fail(f"{path} はもうあります。", f"{path} exists already")


def read_dictionary(settings: Settings) -> Dictionary:
    """Return the editions of this installation, or end the command and say what is wrong."""
    try:
        return open_dictionary(settings)
    except EditionsError as error:
        fail(f"標準仕様の版に誤りがあります（{error}）", f"editions: {error}", NOT_SET_UP)


def read_settings() -> Settings:
    """Return the settings of the environment, or end the command and name the wrong ones."""
    for name, meant in misspelled(os.environ).items():
        fail(
            f"{name} という設定はありません。{meant} のことですか。",
            f"there is no setting {name}; is {meant} meant?",
            NOT_SET_UP,
        )
    try:
        return Settings()
    except ValidationError as error:
        # Only here: it takes more to load than most commands need.
        from gateway.api.validation import texts_of

        found = error.errors(include_input=False, include_url=False)
        japanese = "、".join(f"{_setting(e['loc'])}{texts_of(e)[0]}" for e in found)
        english = "; ".join(f"{_setting(e['loc'])}{e['msg']}" for e in found)
        fail(f"設定に誤りがあります。{japanese}", f"settings are wrong ({english})", NOT_SET_UP)
    except SettingsError as error:
        # The text names the field and holds no value.
        name = _setting(_FIELD.findall(str(error))[:1])
        fail(
            f"設定に誤りがあります。{name}JSON で書いてください（docs/settings.md）。",
            f"settings are wrong ({name}is no JSON)",
            NOT_SET_UP,
        )


def _setting(place: Sequence[int | str]) -> str:
    """Return the variable to look at; nothing where a rule is about several."""
    return f"HITOTSU_{str(place[0]).upper()}: " if place else ""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Session]:
    """Open the store for one command.

    Raises:
        SetUpError: the database was never made or is not up to date.
    """
    store = open_store(settings.database_url)
    try:
        if not (await schema_state(store)).up_to_date:
            raise SetUpError(
                "データベースが最新ではありません。hitotsu db upgrade を実行してください。",
                "the database is not up to date: run `hitotsu db upgrade`",
            )
        yield Session(
            settings, store, SystemClock(), FileKeyStore(settings.keys_dir), who_is_typing()
        )
    finally:
        await store.aclose()


async def has_database(settings: Settings) -> bool:
    """Tell whether the database is made and up to date, without ending the command."""
    store = open_store(settings.database_url)
    try:
        return (await schema_state(store)).up_to_date
    except (SQLAlchemyError, OSError):
        return False
    finally:
        await store.aclose()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run ``work`` and return its result; end the command in plain words if it fails."""
    try:
        return asyncio.run(work)
    except LinkFileError as error:
        report_bad_rows(error)
    except Problem as problem:
        fail(problem.type.title_ja, problem.type.title_en)
    except (SetUpError, KeysError, StoreUrlError) as error:
        fail(error.detail_ja, error.detail_en, NOT_SET_UP)
    except ExplainedError as error:
        fail(error.detail_ja, error.detail_en)
    except AdapterError:
        # Of a source, also where the library below calls it an OSError; commands tell of it.
        raise
    except (SQLAlchemyError, OSError) as error:
        # The class alone: a database error repeats the statement and its values.
        name = type(error).__name__
        fail(
            f"データベースまたはファイルを使えません（{name}）。",
            f"the database or a file cannot be used ({name})",
            NOT_SET_UP,
        )


def report_bad_rows(error: LinkFileError) -> NoReturn:
    """List the bad rows of a file and end the command."""
    for row in error.rows:
        where = f"{row.line} 行目 {row.column}".rstrip()
        err().print(f"{where}：{row.reason_ja} / line {row.line}: {row.reason_en}", markup=False)
    fail(
        f"取り込みませんでした。誤りのある行：{error.count} 件",
        f"nothing was imported; bad rows: {error.count}",
    )


def who_is_typing() -> str:
    """Return who runs the command, for the audit record: ``cli:`` and the account's name."""
    return f"cli:{account()}"


def account() -> str:
    """Return the account of the person at the terminal, by name or else by number.

    The kernel knows who logged in, also behind a change of user; the environment, which anybody can
    set, is not asked.
    """
    number = os.getuid()
    with suppress(OSError, ValueError):
        logged_in = int(_LOGIN.read_text("ascii"))
        number = number if logged_in == _NOBODY else logged_in
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def read_numbers() -> list[str]:
    """Return the numbers typed or piped in, one a line.

    Numbers of persons are never arguments: those would stay in the shell's history.
    """
    if sys.stdin.isatty():
        err().print("番号を一行にひとつ入力してください（Ctrl-D で終わり） / One number a line")
    numbers = [plain_number(line) for line in sys.stdin if plain_number(line)]
    if not numbers:
        fail("番号がありません。標準入力から渡してください。", "no number on standard input", 2)
    return numbers


def plain_number(text: str) -> str:
    """Return a typed number as systems write it: in half width, without blanks and a byte mark."""
    return unicodedata.normalize("NFKC", text).replace("\ufeff", "").strip()
