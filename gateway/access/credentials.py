"""What a client brings to show who it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """How a client shows who it is. ``certificate`` is the thumbprint of what it showed in TLS.

    Without an assertion the certificate alone must do, and ``client_id`` must be there.
    """

    client_assertion: str | None
    client_id: str | None
    certificate: str | None
