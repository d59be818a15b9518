"""How a legacy system is read: contract, mapping, sources and the reference adapters."""
