"""Ids of citizens at those who sign their logins, as numbers of a numbering of their own. Pure.

The id itself is not kept: it might be a name or an address of mail.
"""

from __future__ import annotations

import hashlib

from gateway.subjects.links import Number


def login_number(issuer: str, login_id: str) -> Number:
    """Return the numbering of a provider, and the number of one of its citizens in it."""
    digest = hashlib.sha256(f"{issuer}\0{login_id}".encode()).hexdigest()
    return login_numbering(issuer), digest[:40]


def login_numbering(issuer: str) -> str:
    """Return the numbering of a provider: ``login-`` and 16 hexadecimal digits."""
    return f"login-{hashlib.sha256(issuer.encode()).hexdigest()[:16]}"
