"""Adapters: manifests, mappings, sources and the reference adapters."""
