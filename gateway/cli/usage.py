"""What is wrong with the words of a command, in Japanese beside the English of the library."""

from __future__ import annotations

from typing import Any

import typer
from typer.exceptions import TyperException


class Misused(typer.BadParameter):
    """Words that are no command; the message is complete."""

    def format_message(self) -> str:
        """Return the message as it is."""
        return self.message


def in_both_languages(error: TyperException) -> TyperException:
    """Return the error with a message in both languages, itself if it shows the help."""
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError" or not hasattr(error, "format_message"):
        return error
    said = error.format_message()
    message = error.message if isinstance(error, typer.BadParameter) else ""
    if message and not message.isascii():
        # Our own, and in both languages already.
        text = f"{_hint(error)}の値が正しくありません：{message}"
    else:
        text = f"{_japanese(error, kind, said)} / {said}"
    return Misused(text, ctx=getattr(error, "ctx", None))


def _japanese(error: TyperException, kind: str, said: str) -> str:
    if kind == "MissingParameter":
        return f"{_hint(error)}がありません。必ず書いてください。"
    if isinstance(error, typer.BadParameter):
        return f"{_hint(error)}の値が正しくありません。"
    if said.startswith("No such option"):
        return "このオプションはありません。"
    if said.startswith("No such command"):
        return "このコマンドはありません。"
    if "unexpected extra argument" in said:
        return "引数が多すぎます。空白を含む値は引用符で囲んでください。"
    return "使い方が正しくありません。"


def _hint(error: Any) -> str:
    """Return which parameter it is, as it stands in the help."""
    if error.param is not None:
        return f"{error.param.get_error_hint()} "
    return f"{error.param_hint} " if error.param_hint else ""
