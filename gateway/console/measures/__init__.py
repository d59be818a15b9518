"""Measures of protection and holds, as protection officers see, set and end them in the console."""

from gateway.console.measures.service import (
    PAGE_ROWS,
    Draft,
    DraftRefused,
    MeasureDesk,
    Shown,
    ShownPage,
)

__all__ = ["PAGE_ROWS", "Draft", "DraftRefused", "MeasureDesk", "Shown", "ShownPage"]
