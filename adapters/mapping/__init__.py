"""How the fields of a legacy system become standard items: one declarative document, compiled.

Everything here is pure: no network, no file, no clock.
"""
