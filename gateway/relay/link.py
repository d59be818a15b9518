"""TLS of the link: each side shows a certificate of the authority that both were given."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ExplainedError
from gateway.settings import Settings


class LinkError(ExplainedError):
    """The certificates of the link cannot be used. The texts name the setting to look at."""


@dataclass(frozen=True, slots=True)
class LinkFiles:
    """Own certificate and key, and the authority of the other side; all in PEM."""

    certificate: Path
    key: Path
    authority: Path

    @classmethod
    def of(cls, settings: Settings) -> LinkFiles:
        """Return the files of the settings.

        Raises:
            LinkError: one is not set or not there.
        """
        found: list[Path] = []
        for name in ("edge_certificate", "edge_key", "edge_ca"):
            path: Path | None = getattr(settings, name)
            setting = f"HITOTSU_{name.upper()}"
            if path is None:
                raise LinkError(f"{setting} が設定されていません。", f"{setting} is not set.")
            if not path.is_file():
                raise LinkError(
                    f"{setting} のファイルがありません。", f"{setting}: there is no such file."
                )
            found.append(path)
        return cls(*found)

    def server_context(self) -> ssl.SSLContext:
        """Return what the edge lets the core in with; nobody without a certificate.

        Raises:
            LinkError: the files are not what they should be.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        return self._filled(context)

    def client_context(self) -> ssl.SSLContext:
        """Return what the core calls the edge with; only the edge that is meant.

        Raises:
            LinkError: the files are not what they should be.
        """
        return self._filled(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def _filled(self, context: ssl.SSLContext) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ValueError):
            raise LinkError(
                "HITOTSU_EDGE_CERTIFICATE と HITOTSU_EDGE_KEY が対でないか、PEM でありません。",
                "HITOTSU_EDGE_CERTIFICATE and HITOTSU_EDGE_KEY are no pair, or not in PEM.",
            ) from None
        try:
            context.load_verify_locations(self.authority)
        except (OSError, ValueError):
            raise LinkError(
                "HITOTSU_EDGE_CA は認証局の証明書（PEM）ではありません。",
                "HITOTSU_EDGE_CA is no certificate of an authority in PEM.",
            ) from None
        return context
