"""The command ``hitotsu``: everything that staff do, from the first key to the audit record."""

from gateway.cli.commands import main

__all__ = ["main"]
