"""The command ``hitotsu``: everything that staff do, from the first key to the audit record."""

from gateway.cli.main import main

__all__ = ["main"]
