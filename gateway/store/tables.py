"""Every table of the gateway. Rooms query only their own tables, in their ``store.py``.

Every row that belongs to a municipality carries its 6-digit 団体コード, and no query goes without
it. Times are aware and stored in UTC. The same models run on SQLite and PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gateway.store.types import UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Municipality = String(6)
Json = JSON().with_variant(JSONB(), "postgresql")
NullableJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """Declarative base with a naming convention, so that migrations can name what they drop."""

    metadata = MetaData(naming_convention=NAMING)


class ClientRow(Base):
    """A consumer: an online service registered as an OAuth client. ``jwks`` are public keys.

    ``signs_writes`` says that its high-stakes writes must be signed messages (RFC 9421).
    """

    __tablename__ = "client"

    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(200))
    jwks: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    signs_writes: Mapped[bool] = mapped_column(Boolean, server_default=false(), default=False)


class PurposeRow(Base):
    """A registered reason for asking (事務), with its legal basis and the organ that asks.

    ``tax_basis`` is the provision that opens facts of tax to it, ``provision_basis`` the one by
    which another organ may have what the mayor holds. ``number_use`` is the provision of the Number
    Act on which it uses My Numbers, by its id, and ``number_ordinance`` the ordinance beside it.
    """

    __tablename__ = "purpose"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    purpose_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name_ja: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    legal_basis: Mapped[str] = mapped_column(String(400))
    organ: Mapped[str] = mapped_column(String(200))
    organ_kind: Mapped[str] = mapped_column(String(20), server_default="general")
    tax_basis: Mapped[str | None] = mapped_column(String(400))
    provision_basis: Mapped[str | None] = mapped_column(String(400))
    number_use: Mapped[str | None] = mapped_column(String(64))
    number_ordinance: Mapped[str | None] = mapped_column(String(400))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class GrantRow(Base):
    """Consumer × purpose × items × relation × validity. Both dates are inclusive, in Asia/Tokyo.

    A grant is in force only when somebody else than who proposed it has approved it. With
    ``intersect`` the consumer may ask for more than it is granted, and gets what is. With
    ``login_level`` the citizen must have logged in at that level within ``login_max_age_s``.
    ``field_sets`` are the ids of the sets from which ``items`` came, beside those named singly.
    ``bases`` are those by which a household may be asked for (relation ``household``).
    """

    __tablename__ = "grant"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "purpose_id"], ["purpose.municipality", "purpose.purpose_id"]
        ),
        Index(None, "municipality", "client_id", "purpose_id"),
    )

    grant_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id"))
    purpose_id: Mapped[str] = mapped_column(String(64))
    relation: Mapped[str] = mapped_column(String(20))
    items: Mapped[list[str]] = mapped_column(Json)
    field_sets: Mapped[list[str]] = mapped_column(Json, server_default="[]")
    bases: Mapped[list[str]] = mapped_column(Json, server_default="[]")
    intersect: Mapped[bool] = mapped_column(Boolean)
    consent: Mapped[bool] = mapped_column(Boolean, server_default=false())
    login_level: Mapped[int | None] = mapped_column(Integer)
    login_max_age_s: Mapped[int | None] = mapped_column(Integer)
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    proposed_by: Mapped[str] = mapped_column(String(100))
    approved_by: Mapped[str | None] = mapped_column(String(100))
    approved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class FieldSetRow(Base):
    """Items that a town grants together, under a name. It never changes; it may be retired."""

    __tablename__ = "field_set"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    set_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    items: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(100))
    retired_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class ClientCertificateRow(Base):
    """A certificate that a client may show in TLS; several may overlap while it changes them.

    ``thumbprint`` is the ``x5t#S256`` of RFC 8705, 3.1.
    """

    __tablename__ = "client_certificate"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id"), primary_key=True)
    thumbprint: Mapped[str] = mapped_column(String(43), primary_key=True)
    subject: Mapped[str] = mapped_column(String(400))
    not_after: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    added_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class ConsentRow(Base):
    """What a person agreed that a consumer may ask for a purpose, until a day or until withdrawn.

    ``text`` names the version of the text that the person saw; ``items`` are item references.
    """

    __tablename__ = "consent"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "subject_id"], ["subject.municipality", "subject.subject_id"]
        ),
        Index(None, "municipality", "subject_id", "client_id", "purpose_id"),
    )

    consent_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    subject_id: Mapped[str] = mapped_column(String(32))
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id"))
    purpose_id: Mapped[str] = mapped_column(String(64))
    items: Mapped[list[str]] = mapped_column(Json)
    text: Mapped[str] = mapped_column(String(64))
    given_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class LoginProviderRow(Base):
    """Who signs that a citizen has logged in. ``levels`` maps its values of ``acr`` to 1 … 3."""

    __tablename__ = "login_provider"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    issuer: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    jwks: Mapped[dict[str, Any]] = mapped_column(Json)
    levels: Mapped[dict[str, int]] = mapped_column(Json)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class RevokedTokenRow(Base):
    """Access tokens that their clients gave back before their time (RFC 7009)."""

    __tablename__ = "revoked_token"

    token_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


class UsedAssertionRow(Base):
    """Client assertions that were used, so that each works once. Kept until they expire."""

    __tablename__ = "used_assertion"

    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    jti: Mapped[str] = mapped_column(String(128), primary_key=True)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


class SubjectRow(Base):
    """A person whose data can be asked for. ``subject_id`` is random and never leaves."""

    __tablename__ = "subject"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class SourceNumberRow(Base):
    """A person's number in one system's own numbering; a person may have several there.

    ``strength`` says how the link was established (same My Number, confirmed by staff, …); it is
    never made from name and birth date alone.
    """

    __tablename__ = "source_number"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "subject_id"], ["subject.municipality", "subject.subject_id"]
        ),
        Index(None, "municipality", "subject_id"),
    )

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    numbering: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(32))
    strength: Mapped[str] = mapped_column(String(40))
    linked_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class RepresentationRow(Base):
    """Who may act for whom: a parent, a guardian or a mandate, in force when two have agreed.

    Both days are inclusive, in Asia/Tokyo. ``purposes`` and ``items`` are all that it is for; None
    where it is for everything that is granted to representatives. ``document`` names the proof.
    """

    __tablename__ = "representation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "representative_id"], ["subject.municipality", "subject.subject_id"]
        ),
        ForeignKeyConstraint(
            ["municipality", "represented_id"], ["subject.municipality", "subject.subject_id"]
        ),
        Index(None, "municipality", "representative_id"),
    )

    representation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    representative_id: Mapped[str] = mapped_column(String(32))
    represented_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(20))
    purposes: Mapped[list[str] | None] = mapped_column(NullableJson)
    items: Mapped[list[str] | None] = mapped_column(NullableJson)
    document: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[dt.date] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
    proposed_by: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(100))
    approved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(100))
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class ProtectionFlagRow(Base):
    """The gateway's copy of a protective measure (支援措置), by the flagging system's number.

    ``other_parties`` are numbers of the same numbering; None where it is not known whom it names.
    """

    __tablename__ = "protection_flag"
    __table_args__ = (Index(None, "municipality", "numbering", "number"),)

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    adapter_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    numbering: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    since: Mapped[dt.date | None] = mapped_column(Date)
    until: Mapped[dt.date | None] = mapped_column(Date)
    other_parties: Mapped[list[str] | None] = mapped_column(NullableJson)


class ProtectionMeasureRow(Base):
    """A protective measure that an officer set in the gateway itself; in force until two end it.

    ``until`` is the last day of its term, after which it waits for review and protects as before.
    ``other_parties`` are subject ids or, of a measure that came from a system, numbers of the same
    numbering; None where it is not known whom it names.
    ``source`` is the system or consumer that it came from, None where an officer set it;
    ``source_said`` what that has said since (gone, moved-out, ended), ``source_version`` its last
    message about the person.
    """

    __tablename__ = "protection_measure"
    __table_args__ = (Index(None, "municipality", "numbering", "number"),)

    measure_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    numbering: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    since: Mapped[dt.date] = mapped_column(Date)
    until: Mapped[dt.date] = mapped_column(Date)
    set_by: Mapped[str] = mapped_column(String(100))
    set_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    end_proposed_by: Mapped[str | None] = mapped_column(String(100))
    ended_by: Mapped[str | None] = mapped_column(String(100))
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    other_parties: Mapped[list[str] | None] = mapped_column(NullableJson)
    source: Mapped[str | None] = mapped_column(String(100))
    source_said: Mapped[str | None] = mapped_column(String(20))
    source_version: Mapped[int | None] = mapped_column(BigInteger)


class ProtectionOpeningRow(Base):
    """Items of protected people that one client may have for one purpose, agreed by two officers.

    Without a person it is an exemption; with one, a lift, which lasts ``lasts_s`` seconds from its
    approval on. It holds from ``opens_at`` until before ``closes_at``.
    """

    __tablename__ = "protection_opening"
    __table_args__ = (Index(None, "municipality", "client_id", "purpose_id"),)

    opening_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id"))
    purpose_id: Mapped[str] = mapped_column(String(64))
    items: Mapped[list[str]] = mapped_column(Json)
    legal_basis: Mapped[str] = mapped_column(String(400))
    numbering: Mapped[str | None] = mapped_column(String(40))
    number: Mapped[str | None] = mapped_column(String(40))
    lasts_s: Mapped[int | None] = mapped_column(Integer)
    opens_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    proposed_by: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(100))
    approved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(100))
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class FlagCopyRow(Base):
    """How old the copy of one source's flags is. Without a fresh copy everybody is protected.

    ``digest`` is that of the flags as they were written (SHA-256). Since ``differs_since`` the copy
    is not believed: it was found to be another than the source's list, and nobody has looked yet.
    """

    __tablename__ = "flag_copy"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    adapter_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    as_of: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    retrieved_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    flag_count: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    differs_since: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class FlagPushRow(Base):
    """The last message about flags that a consumer sent: its number, and the digest of it."""

    __tablename__ = "flag_push"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    received_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class ProtectionCountRow(Base):
    """How many items were withheld, and how many left all the same, on a day in Asia/Tokyo."""

    __tablename__ = "protection_count"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    withheld: Mapped[int] = mapped_column(BigInteger)
    revealed: Mapped[int] = mapped_column(BigInteger)


class ConsumerCallRow(Base):
    """How often a consumer called an operation (``POST /v1/questions``) on a day in Asia/Tokyo.

    Of all municipalities together: an operation goes away for all of them.
    """

    __tablename__ = "consumer_call"

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    operation: Mapped[str] = mapped_column(String(200), primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger)


class NoticeRegistrationRow(Base):
    """Somebody who is told when a third party obtains a certificate of theirs (本人通知制度).

    Both days are inclusive, in Asia/Tokyo.
    """

    __tablename__ = "notice_registration"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "subject_id"], ["subject.municipality", "subject.subject_id"]
        ),
        Index(None, "municipality", "subject_id"),
    )

    registration_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    subject_id: Mapped[str] = mapped_column(String(32))
    since: Mapped[dt.date] = mapped_column(Date)
    until: Mapped[dt.date | None] = mapped_column(Date)
    registered_by: Mapped[str] = mapped_column(String(100))
    registered_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(100))
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class NoticeDeliveryRow(Base):
    """A certificate of a registered person that somebody obtained, as it was last reported."""

    __tablename__ = "notice_delivery"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "subject_id"], ["subject.municipality", "subject.subject_id"]
        ),
    )

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(40))
    delivered_on: Mapped[dt.date] = mapped_column(Date)
    copies: Mapped[int] = mapped_column(Integer)
    requester: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(Integer)


class NoticeRow(Base):
    """A notice to a registered person: date, kind, copies and class of requester, never a name.

    ``corrects`` is the notice of the same delivery that it puts right.
    """

    __tablename__ = "notice"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "client_id", "delivery_id"],
            [
                "notice_delivery.municipality",
                "notice_delivery.client_id",
                "notice_delivery.delivery_id",
            ],
        ),
        Index(None, "municipality", "handed_over_at"),
    )

    notice_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    client_id: Mapped[str] = mapped_column(String(64))
    delivery_id: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(40))
    delivered_on: Mapped[dt.date] = mapped_column(Date)
    copies: Mapped[int] = mapped_column(Integer)
    requester: Mapped[str] = mapped_column(String(40))
    corrects: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    handed_over_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class RecallMarkRow(Base):
    """Somebody under protection, of whom recalls were made when it began."""

    __tablename__ = "recall_mark"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    marked_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class RecallRow(Base):
    """A consumer must erase what it holds of a person's address class; the reason is not here.

    ``marked_at`` is when the addresses began to be recalled; each client is told once of that.
    """

    __tablename__ = "recall"
    __table_args__ = (
        UniqueConstraint("municipality", "subject_id", "client_id", "marked_at"),
        Index(None, "municipality", "client_id", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    event_id: Mapped[str] = mapped_column(String(32), unique=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    client_id: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(32))
    marked_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class SnapshotRow(Base):
    """A delivery that was loaded whole; ``loaded_at`` is empty while it is under way.

    Of each adapter one at most is ``current``: questions are answered from it. ``counts`` are those
    of each group. ``sealed_by`` is the version of the secret that its records are sealed with.
    ``signed_at`` is when whoever handed it over has signed it, as far as signatures are required.
    """

    __tablename__ = "snapshot"
    __table_args__ = (Index(None, "municipality", "adapter_id"),)

    snapshot_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    adapter_id: Mapped[str] = mapped_column(String(64))
    adapter_version: Mapped[str] = mapped_column(String(40))
    mapping_version: Mapped[str] = mapped_column(String(40))
    sealed_by: Mapped[int] = mapped_column(Integer)
    as_of: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    signed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    touched_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    loaded_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    loaded_by: Mapped[str] = mapped_column(String(100))
    counts: Mapped[dict[str, Any]] = mapped_column(Json)
    current: Mapped[bool] = mapped_column(Boolean)


class SnapshotRecordRow(Base):
    """A record of a snapshot, sealed for its person and group; ``place`` is its order there."""

    __tablename__ = "snapshot_record"

    snapshot_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), primary_key=True)
    group_ref: Mapped[str] = mapped_column(String(80), primary_key=True)
    record_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    place: Mapped[int] = mapped_column(BigInteger)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class GroupProfileRow(Base):
    """What a group that an adapter hands over looked like when it was right last, without anybody.

    Counts, sums and shares by item, of ``judged_from`` records at least.
    """

    __tablename__ = "group_profile"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    adapter_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    group_ref: Mapped[str] = mapped_column(String(80), primary_key=True)
    taken_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    profile: Mapped[dict[str, Any]] = mapped_column(Json)


class RouteRow(Base):
    """Who answers for a group now. A change of a route is how a town switches systems."""

    __tablename__ = "route"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    group_ref: Mapped[str] = mapped_column(String(80), primary_key=True)
    mode: Mapped[str] = mapped_column(String(20))
    adapter_id: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(100))


class AuditRow(Base):
    """One fact for the auditor: who, for whom, why, which items, with what outcome; no values.

    ``entry`` is the canonical JSON text of the whole record and ``leaf_hash`` its RFC 6962 leaf
    hash (SHA-256 of 0x00 and the entry); the other columns repeat what searches need.
    ``occurrences`` is more than 1 where a row stands for several refusals.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index(None, "municipality", "at"),
        Index(None, "municipality", "subject_key", "at"),
        # Holds all that the list of whom a consumer's window concerns reads.
        Index(None, "municipality", "client_id", "at", "subject_key", "outcome"),
        Index(None, "municipality", "kind", "at"),
    )

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    audit_id: Mapped[str] = mapped_column(String(40), unique=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(20))
    client_id: Mapped[str | None] = mapped_column(String(64))
    subject_key: Mapped[str | None] = mapped_column(String(64))
    purpose_id: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(40))
    my_number: Mapped[bool] = mapped_column(Boolean)
    terminal: Mapped[str | None] = mapped_column(String(100))
    function: Mapped[str | None] = mapped_column(String(40))
    entry: Mapped[str] = mapped_column(Text)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    # A gateway of the release before this column writes into the table while others are renewed.
    occurrences: Mapped[int] = mapped_column(Integer, server_default="1")


class AuditWatchRow(Base):
    """Somebody whom an officer, or anybody, must not look up without a reason.

    ``subject_key`` is the pseudonym of the audit record. ``operator`` is who must not, as it stands
    in ``terminal`` there, ``*`` for anybody.
    """

    __tablename__ = "audit_watch"
    __table_args__ = (Index(None, "municipality", "ended_at"),)

    watch_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    operator: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    added_by: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class AuditOperatorRow(Base):
    """Which resident an operator is: looks at people of their surname or address are told of.

    ``operator`` is the account as it stands in ``terminal`` of the audit record, without where it
    was (``staff:yamada``). ``surname`` is false where too many people of the town share it. No name
    and no address is kept: what is compared is asked of the register anew.
    """

    __tablename__ = "audit_operator"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    operator: Mapped[str] = mapped_column(String(100), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(32))
    surname: Mapped[bool] = mapped_column(Boolean)
    added_by: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class AuditTileRow(Base):
    """Up to 256 neighbouring nodes of the Merkle tree over the audit record, and their root.

    Level 0 holds leaf hashes (``leaves``, 32 bytes each, in the order of ``sequence``); its last
    tile may be incomplete. A tile of level n + 1 stands over 256 complete tiles of level n.
    """

    __tablename__ = "audit_tile"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(Integer)
    first_sequence: Mapped[int] = mapped_column(BigInteger)
    last_sequence: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    leaves: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditHeadRow(Base):
    """A signed head of the tree: how many rows, which root. ``anchored_at``: copied outside."""

    __tablename__ = "audit_head"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_sequence: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    signed: Mapped[str] = mapped_column(Text)
    anchored_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True)


class DisclosureHoldRow(Base):
    """While it holds, residents are not shown that they were asked about for this purpose.

    ``kind`` is ``sealed`` (the use may never be told) or ``investigation``; both days are
    inclusive, in Asia/Tokyo.
    """

    __tablename__ = "disclosure_hold"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "purpose_id"], ["purpose.municipality", "purpose.purpose_id"]
        ),
        Index(None, "municipality", "purpose_id"),
    )

    hold_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    purpose_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    held_from: Mapped[dt.date] = mapped_column(Date)
    held_until: Mapped[dt.date | None] = mapped_column(Date)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(100))
    lifted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class SubmissionRow(Base):
    """What a citizen stated once, for which purposes, how it was verified, until when it is kept.

    ``purposes`` are those of the consent whose text was ``consent_text``. No ``items``: made before
    they were noted, or by a gateway of the release before.
    """

    __tablename__ = "submission"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "subject_id"], ["subject.municipality", "subject.subject_id"]
        ),
        Index(None, "municipality", "subject_id"),
        Index(None, "expires_at"),
    )

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(32))
    purpose_id: Mapped[str] = mapped_column(String(64))
    items: Mapped[list[str]] = mapped_column(Json, server_default="[]")
    purposes: Mapped[list[str]] = mapped_column(Json)
    consent_text: Mapped[str] = mapped_column(String(64))
    consent_given_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    strength: Mapped[str] = mapped_column(String(40))
    stated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class SubmissionPartRow(Base):
    """The stated values of one group, sealed; None once they were withdrawn or have expired."""

    __tablename__ = "submission_part"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "submission_id"],
            ["submission.municipality", "submission.submission_id"],
        ),
    )

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    group_ref: Mapped[str] = mapped_column(String(80), primary_key=True)
    secret_version: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class OutboxRow(Base):
    """A part of a submission on its way to a system; the values stay in ``submission_part``.

    ``sequence`` is the order in which a person's messages go. Exactly one of ``delivered_at``,
    ``parked_at`` and ``cancelled_at`` is set once a message has left the queue.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        ForeignKeyConstraint(
            ["municipality", "submission_id", "group_ref"],
            [
                "submission_part.municipality",
                "submission_part.submission_id",
                "submission_part.group_ref",
            ],
        ),
        Index(None, "municipality", "subject_id", "adapter_id"),
        Index(None, "municipality", "submission_id"),
        Index(None, "due_at"),
    )

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    message_id: Mapped[str] = mapped_column(String(32), unique=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    submission_id: Mapped[str] = mapped_column(String(32))
    group_ref: Mapped[str] = mapped_column(String(80))
    subject_id: Mapped[str] = mapped_column(String(32))
    adapter_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer)
    delivered_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    parked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(100))
    receipt: Mapped[str | None] = mapped_column(String(200))


class IdempotencyRow(Base):
    """The reply to a call that has its effect once, by the key that its client gave it."""

    __tablename__ = "idempotency"

    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    operation: Mapped[str] = mapped_column(String(40), primary_key=True)
    key_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    reply: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


class EvidenceRow(Base):
    """A signed statement that was released: of whom, by whom, and its place in the status list.

    What it says is not kept. ``items`` as of a submission.
    """

    __tablename__ = "evidence"
    __table_args__ = (Index(None, "municipality", "evidence_id", unique=True),)

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    municipality: Mapped[str] = mapped_column(Municipality)
    evidence_id: Mapped[str] = mapped_column(String(32))
    client_id: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(32))
    purpose_id: Mapped[str] = mapped_column(String(64))
    items: Mapped[list[str]] = mapped_column(Json, server_default="[]")
    statement: Mapped[str] = mapped_column(String(20))
    key_id: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class LinkageSystemRow(Base):
    """A standard business system that may call the national linkage face, and nothing else.

    ``business`` is its 業務ID or 独自施策システム等ID; ``scopes`` are the calls it may make.
    ``sealed_secret`` holds its client secret. Its row in ``client`` has no key, so that it cannot
    log in to the gateway's own API.
    """

    __tablename__ = "linkage_system"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id"), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    business: Mapped[str] = mapped_column(String(3))
    numbering: Mapped[str] = mapped_column(String(40))
    purpose_id: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(Json)
    secret_version: Mapped[int] = mapped_column(Integer)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class LinkageTokenRow(Base):
    """An access token of the linkage face, by its SHA-256; good for one scope."""

    __tablename__ = "linkage_token"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("linkage_system.client_id"))
    scope: Mapped[str] = mapped_column(String(200))
    issued_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


class LinkageAssertionRow(Base):
    """Assertions of linkage systems that were used, so that each works once."""

    __tablename__ = "linkage_assertion"

    client_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    jti: Mapped[str] = mapped_column(String(128), primary_key=True)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


class NumberSeriesRow(Base):
    """The serials from which a municipality's 住登外者宛名番号 are made; each is used once."""

    __tablename__ = "number_series"

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    next_serial: Mapped[int] = mapped_column(BigInteger)
    last_serial: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int] = mapped_column(Integer)
    remainder_one: Mapped[str] = mapped_column(String(12))
    numbering: Mapped[str] = mapped_column(String(40))


class NumberedPersonRow(Base):
    """One version of what is registered under a 住登外者宛名番号; the highest one is current.

    ``sealed`` holds the parameters of the call; the keys are digests of name and birth date.
    ``merged_into`` is the number of the same person that goes before this one (名寄せ先).
    """

    __tablename__ = "numbered_person"
    __table_args__ = (
        Index(None, "municipality", "name_key"),
        Index(None, "municipality", "birth_key"),
        Index(None, "municipality", "merged_into"),
    )

    municipality: Mapped[str] = mapped_column(Municipality, primary_key=True)
    number: Mapped[str] = mapped_column(String(15), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    current: Mapped[bool] = mapped_column(Boolean)
    merged_into: Mapped[str | None] = mapped_column(String(15))
    business: Mapped[str] = mapped_column(String(3))
    hidden: Mapped[bool] = mapped_column(Boolean)
    name_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    birth_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    secret_version: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    registered_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class StaffDeskRow(Base):
    """An office at whose desk staff look at persons in the console, as a client with grants.

    Its row in ``client`` has no key, so that nothing can log in to the gateway's own API as it.
    """

    __tablename__ = "staff_desk"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id"), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)


class StaffRow(Base):
    """A member of staff who may log in to the console with two factors.

    ``password`` is a PHC string of Argon2id; ``sealed_secret`` is the secret of the one-time
    codes. Both are None until the member has enrolled with the code whose SHA-256 is
    ``enrolment``. ``code_step`` is the time step of the last code that was used.
    """

    __tablename__ = "staff"

    staff_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    name: Mapped[str] = mapped_column(String(200))
    password: Mapped[str | None] = mapped_column(String(200))
    secret_version: Mapped[int | None] = mapped_column(Integer)
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_step: Mapped[int] = mapped_column(BigInteger)
    enrolment: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    enrol_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class StaffRightRow(Base):
    """What a member of staff may do in the console, in force once a second person has agreed.

    Rights on persons are for one desk and one purpose; the others name neither.
    """

    __tablename__ = "staff_right"
    __table_args__ = (Index(None, "staff_id"),)

    right_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.staff_id"))
    name: Mapped[str] = mapped_column(String(20))
    client_id: Mapped[str | None] = mapped_column(ForeignKey("staff_desk.client_id"))
    purpose_id: Mapped[str | None] = mapped_column(String(64))
    proposed_by: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(100))
    approved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class StaffSessionRow(Base):
    """A login to the console, by the SHA-256 of the cookie. It ends when it is erased."""

    __tablename__ = "staff_session"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.staff_id"), index=True)
    began_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class StaffViewRow(Base):
    """A person whom a session looks at. ``reference`` is random and stands in addresses."""

    __tablename__ = "staff_view"

    reference: Mapped[str] = mapped_column(String(32), primary_key=True)
    session: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    subject_id: Mapped[str] = mapped_column(String(32))
    client_id: Mapped[str] = mapped_column(String(64))
    purpose_id: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class RetentionHoldRow(Base):
    """A legal hold: no purge erases what it is over, until two officers release it.

    ``kind`` is None where it is over every kind. ``record`` is one record of the kind, or
    ``subject_id`` one person; neither where it is over all.
    """

    __tablename__ = "retention_hold"
    __table_args__ = (Index(None, "municipality", "released_at"),)

    hold_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality: Mapped[str] = mapped_column(Municipality)
    kind: Mapped[str | None] = mapped_column(String(40))
    record: Mapped[str | None] = mapped_column(String(200))
    subject_id: Mapped[str | None] = mapped_column(String(32))
    subject_key: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(400))
    set_by: Mapped[str] = mapped_column(String(100))
    set_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    release_proposed_by: Mapped[str | None] = mapped_column(String(100))
    released_by: Mapped[str | None] = mapped_column(String(100))
    released_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
