"""How a legacy system is reached: one transport each, all with errors of the contract's tree."""

from adapters.sources.base import Source

__all__ = ["Source"]
