"""The mapping document: what a vendor writes, and nothing that a program has to guess.

A document names the reads of a source, and for each standard group which read feeds it, where its
records stand in the answer, which field echoes the person's number, and how each item is made.

Field paths: ``simei`` and ``fuyo.sosu`` are fields of the record; ``^nendo`` a field of the list
element around the record; ``/atenaNo`` a field of the whole answer.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from adapters.mapping.linkage_reads import LinkageRead
from adapters.mapping.page_choices import CsvEncoding, PageChoices
from adapters.mapping.record_types import CopybookName, Framing, HexBytes, Mark, RecordTypes
from adapters.mapping.sections import FieldPath, RecordsPath, Scalar
from adapters.mapping.sections import Section as _Section
from adapters.mapping.step_rules import Join, Step
from adapters.mapping.value_rules import NamePart, Number, Relationship
from standard_models.answers import AbsenceReason

LANGUAGE = 1
"""Version of the mapping language."""


class Text(StrEnum):
    """How a text field becomes a text item."""

    AS_IS = "as-is"
    FULL_WIDTH = "full-width"
    FULL_WIDTH_NAME = "full-width-name"
    HALF_WIDTH = "half-width"
    BANK_KANA = "bank-kana"


class AmountUnit(StrEnum):
    """What 1 in a field of money means."""

    YEN = "yen"
    THOUSAND_YEN = "thousand-yen"
    MILLION_YEN = "million-yen"


class DateFormat(StrEnum):
    """How a field writes dates."""

    ERA_DIGITS = "era-digits"
    WESTERN_DIGITS = "western-digits"
    SHORT_WESTERN_DIGITS = "short-western-digits"
    ORDINAL_DIGITS = "ordinal-digits"
    WRITTEN = "written"


class TimeFormat(StrEnum):
    """How a source states up to when its data is complete."""

    DIGITS14 = "digits14"
    ERA_DATE_TIME = "era-date-time"
    RFC3339 = "rfc3339"


NullMeaningName = Literal["unknown", "not-recorded", "not-set", "open-ended", "error"]


class AsOf(_Section):
    """Where an answer states its data time, in Asia/Tokyo unless it carries an offset."""

    field: FieldPath
    format: TimeFormat


class SqlRead(_Section):
    """One SELECT. ``:number`` is the person's number. Its rows are the records of the answer."""

    statement: str

    @field_validator("statement")
    @classmethod
    def _reads_only(cls, statement: str) -> str:
        if not re.match(r"(?i)(select|with)\s", statement.strip()):
            msg = "a statement begins with SELECT or WITH"
            raise ValueError(msg)
        if ";" in statement:
            msg = "one statement, without ;"
            raise ValueError(msg)
        return statement


class Paging(_Section):
    """How an answer in pages is read to its end; the rows of all pages are joined.

    ``same`` are fields that every page repeats, such as whose record it is: a page that says
    something else does not belong to the answer.
    """

    rows: RecordsPath
    next: FieldPath
    same: tuple[FieldPath, ...] = Field(min_length=1)
    send_as: str
    max_pages: int = Field(default=50, ge=1, le=10_000)


class Outcome(_Section):
    """A field of the answer that says how the call went."""

    field: FieldPath
    ok: tuple[str, ...]
    unknown_person: tuple[str, ...] = ()


class RestRead(_Section):
    """One JSON call. ``{number}`` in a value of the body is the person's number."""

    method: Literal["GET", "POST"] = "POST"
    path: str = Field(pattern=r"^/[A-Za-z0-9/_.-]*$")
    body: dict[str, Any] = Field(default_factory=dict)
    outcome: Outcome | None = None
    paging: Paging | None = None


class SoapRead(_Section):
    """One SOAP operation. ``{number}`` is the person's number, ``{settings.x}`` a setting."""

    operation: str
    parameters: dict[str, str]


class FaultMeaning(StrEnum):
    """What a SOAP fault code of the vendor means."""

    UNKNOWN_PERSON = "unknown-person"
    CLOSED = "closed"
    AUTHENTICATION = "authentication"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"


class Condition(_Section):
    """Holds when the field has one of the values (or none of them)."""

    field: FieldPath
    among: tuple[Scalar, ...] = ()
    not_among: tuple[Scalar, ...] = ()


class CopybookShape(PageChoices):
    """Fixed-length records of a host, as a COBOL copybook beside the mapping declares them.

    ``encoding`` is a host encoding (``jef``) or a code page (``cp932``). ``selectors`` says how
    shapes of characters are kept.
    ``nulls`` lists, by field, contents (hexadecimal) that mean that nothing was entered.
    ``alternatives`` says, for a field that redefines another, when it holds. Where the records are
    of several types, ``record_types`` stands in the place of copybook, nulls and alternatives.
    ``length`` is that of the blocks, in bytes; without it that of the longest type.
    """

    copybook: CopybookName | None = None
    record_types: RecordTypes | None = None
    framing: Framing = Framing.BLOCKS
    length: int | None = Field(default=None, ge=1, le=32_760)
    copybook_encoding: Literal["utf-8", "cp932"] = "utf-8"
    selectors: Literal["none", "hanyo-denshi", "adobe-japan1"] = "hanyo-denshi"
    ascii_digits: bool = False
    little_endian: bool = False
    nulls: dict[str, tuple[HexBytes, ...]] = Field(default_factory=dict)
    alternatives: dict[str, Mark] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_kind_of_layout(self) -> Self:
        if (self.copybook is None) == (self.record_types is None):
            msg = "exactly one of copybook, record_types"
            raise ValueError(msg)
        if self.record_types is not None and (self.nulls or self.alternatives):
            msg = "nulls and alternatives stand in each of the record_types"
            raise ValueError(msg)
        if self.length is not None and self.framing is not Framing.BLOCKS:
            msg = "length goes with framing blocks"
            raise ValueError(msg)
        return self


class CsvShape(PageChoices):
    """A CSV file. ``columns`` maps the header (or, without one, the columns in order) to fields."""

    columns: dict[str, Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]] = Field(
        min_length=1
    )
    encoding: CsvEncoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Literal['"', "'", ""] = '"'
    header: bool = True

    @field_validator("columns")
    @classmethod
    def _each_field_once(cls, columns: dict[str, str]) -> dict[str, str]:
        if len(set(columns.values())) != len(columns):
            msg = "two columns have one field"
            raise ValueError(msg)
        return columns


class FileRead(_Section):
    """The records of files that a system hands over."""

    fixed: CopybookShape | None = None
    csv: CsvShape | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        if (self.fixed is None) == (self.csv is None):
            msg = "a file has exactly one of fixed, csv"
            raise ValueError(msg)
        return self


class SourceField(_Section):
    """What the vendor's document says of a field: its name, and the clause that describes it."""

    name: str = ""
    clause: str = ""
    note: str = ""


class Read(_Section):
    """One question to the source.

    ``layout`` describes fields of the answer, by their path from its root. For a read that is no
    file it names all of them: a field that it does not have is a misspelt one.
    """

    sql: SqlRead | None = None
    rest: RestRead | None = None
    soap: SoapRead | None = None
    linkage: LinkageRead | None = None
    file: FileRead | None = None
    as_of: AsOf | None = None
    layout: dict[FieldPath, SourceField] = Field(default_factory=dict)
    clause: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _one_transport(self) -> Self:
        transports = (self.sql, self.rest, self.soap, self.linkage, self.file)
        if sum(t is not None for t in transports) != 1:
            msg = "a read has exactly one of sql, rest, soap, linkage, file"
            raise ValueError(msg)
        return self


class CodeRow(_Section):
    """One vendor code. ``to`` null: there is no standard value; the item is lost, never guessed.

    ``clause`` is where the vendor's document says so, if not where it speaks of the whole table.
    """

    code: str = Field(alias="from")
    to: str | None
    note: str = ""
    clause: str = ""


class CodeTranslation(_Section):
    """Vendor codes to the codes of the standard.

    ``source`` is the document (title, edition) and ``clause`` the place in it for every row that
    names no other.
    """

    rows: tuple[CodeRow, ...]
    source: str = ""
    clause: str = ""
    note: str = ""

    def clause_of(self, row: CodeRow) -> str:
        """Return the clause behind a row: its own, or that of the table."""
        return row.clause or self.clause

    @model_validator(mode="after")
    def _each_code_once(self) -> Self:
        codes = [row.code for row in self.rows]
        if len(set(codes)) != len(codes):
            msg = "a vendor code stands twice"
            raise ValueError(msg)
        return self


class Gaiji(_Section):
    """A private-use character of this system. ``to`` null: nobody has identified it yet."""

    code: str = Field(pattern=r"^[0-9A-F]{4,6}$")
    to: str | None
    note: str = ""


class DateRule(_Section):
    """A date of the record, read once and used by up to three items (date, flag, text).

    ``century_from`` is the first of the hundred years in which years of two digits lie.
    """

    field: FieldPath
    format: DateFormat
    text_field: FieldPath | None = None
    eras: dict[str, Literal["M", "T", "S", "H", "R"]] = Field(default_factory=dict)
    blank: NullMeaningName = "not-recorded"
    zeros: NullMeaningName = "error"
    nines: NullMeaningName = "error"
    parts_unknown: bool = False
    non_calendar_days: bool = False
    century_from: int | None = Field(default=None, ge=1801, le=2100)


class Split(_Section):
    """A part of a text that one separator divides in two. Without one, or with more, no split."""

    at: str = Field(min_length=1)
    part: Literal[1, 2]


class Amount(_Section):
    """How a field writes an amount of money; its meaning is in yen.

    ``placeholders`` stand where nothing was entered (``***``). Brackets around a negative amount
    and fractions of the unit are read only where they are declared.
    """

    unit: AmountUnit
    placeholders: tuple[str, ...] = ()
    brackets_negative: bool = False
    fractions: bool = False


class Default(_Section):
    """What stands where the source has nothing, because somebody decided so."""

    value: Scalar
    reason: str = Field(min_length=1)


class ItemRule(_Section):
    """How one item is made.

    Exactly one of field, fields, constant, date, date_flag, date_text, absent. ``fields`` are
    joined as ``join`` says. ``steps`` prepare the content before it is read as the item's type.
    """

    field: FieldPath | None = None
    fields: tuple[FieldPath, ...] | None = Field(default=None, min_length=2)
    constant: Scalar | None = None
    date: str | None = None
    date_flag: str | None = None
    date_text: str | None = None
    absent: Literal[AbsenceReason.NOT_SUPPLIED] | None = None

    join: Join | None = None
    steps: tuple[Step, ...] = ()
    text: Text | None = None
    amount: Amount | None = None
    codes: str | None = None
    fiscal_year: bool = False
    year_month: bool = False
    slice: tuple[int, int] | None = None
    split: Split | None = None
    relationship: Relationship | None = None
    name: NamePart | None = None
    number: Number | None = None
    null: tuple[str, ...] = ()
    blank: Literal[AbsenceReason.NOT_RECORDED, AbsenceReason.NOT_APPLICABLE] = (
        AbsenceReason.NOT_RECORDED
    )
    applies_when: Condition | None = None
    default: Default | None = None
    note: str = ""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = (
            self.field, self.fields, self.constant, self.date, self.date_flag, self.date_text,
            self.absent,
        )  # fmt: skip
        if sum(origin is not None for origin in origins) != 1:
            msg = "exactly one of field, fields, constant, date, date_flag, date_text, absent"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _steps_have_a_content(self) -> Self:
        if self.steps and not self.contents:
            msg = "steps go with field or fields"
            raise ValueError(msg)
        if self.join is not None and self.fields is None:
            msg = "join goes with fields"
            raise ValueError(msg)
        if self.slice is not None and self.fields is not None:
            msg = "slice goes with field"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _reads_one_value(self) -> Self:
        values = [v for v in (self.relationship, self.name, self.number) if v is not None]
        others = (self.codes, self.text, self.amount, self.split)
        forms = [*values, *(other for other in others if other is not None)]
        years = self.fiscal_year or self.year_month
        if values and (len(forms) > 1 or years or not self.contents):
            msg = "relationship, name and number go with a field, and with no other form"
            raise ValueError(msg)
        if self.text is Text.BANK_KANA and self.split is not None:
            msg = "bank-kana is of the whole name"
            raise ValueError(msg)
        return self

    @property
    def whole_field(self) -> str | None:
        """Return the field whose content is the item's as it stands; None where it is not."""
        return None if self.slice is not None or self.null or self.steps else self.field

    @property
    def contents(self) -> tuple[str, ...]:
        """Return the fields whose content becomes the item: that of field, those of fields."""
        return (self.field,) if self.field is not None else self.fields or ()


class Sum(_Section):
    """``total`` is the sum of the items ``of``."""

    total: str
    of: tuple[str, ...] = Field(min_length=1)


class Order(_Section):
    """Each of the ``items`` is not after (or above) the next one that has a value."""

    items: tuple[str, ...] = Field(min_length=2)


class Bounds(_Section):
    """``item`` is neither below ``least`` nor above ``most``."""

    item: str
    least: Scalar | None = None
    most: Scalar | None = None


class Invariant(_Section):
    """What must hold in every record of a group. Exactly one of sum, order, bounds."""

    sum: Sum | None = None
    order: Order | None = None
    bounds: Bounds | None = None
    note: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if len([kind for kind in (self.sum, self.order, self.bounds) if kind is not None]) != 1:
            msg = "exactly one of sum, order, bounds"
            raise ValueError(msg)
        return self


class GroupRule(_Section):
    """How records of one standard group are made from one read.

    ``records`` is the path to the list (or single object) whose elements are the records; empty
    for the rows of SQL. ``subject`` is the field with which the source echoes whose record it is;
    ``municipality`` that with which it echoes of which town (団体コード of six digits, or five
    without the check digit), where several towns share one system. ``where`` keeps only matching
    records; ``highest`` keeps those with the greatest values, of the record itself or (``^``) of
    the element around it. ``columns`` are the fields that a record has by the vendor's document;
    with them a misspelt field is an error and an unused one is told.
    """

    read: str
    columns: tuple[FieldPath, ...] = ()
    records: RecordsPath = ""
    subject: FieldPath
    municipality: FieldPath | None = None
    where: Condition | None = None
    highest: tuple[FieldPath, ...] = ()
    dates: dict[str, DateRule] = Field(default_factory=dict)
    items: dict[str, ItemRule] = Field(min_length=1)
    invariants: dict[str, Invariant] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ranks_one_thing(self) -> Self:
        around = {path.startswith("^") for path in self.highest}
        if len(around) > 1:
            msg = "highest ranks records or the elements around them, not both"
            raise ValueError(msg)
        if around == {True} and self.where and not self.where.field.startswith("^"):
            msg = "where highest ranks the elements around records, where looks at them too"
            raise ValueError(msg)
        return self


class FlagsRule(_Section):
    """How the list of people under protective measures is read.

    ``other_party`` holds the number of somebody from whom the person is protected. A person and a
    measure may stand in several rows, one for each of them.
    """

    read: str
    records: RecordsPath = ""
    number: FieldPath
    kind: FieldPath
    provisional: tuple[str, ...]
    full: tuple[str, ...]
    since: DateRule
    until: DateRule
    other_party: FieldPath | None = None


class Keyset(_Section):
    """How long lists are read piece by piece.

    ``field`` is the key by which the source orders them; a piece holds at most ``size`` elements
    and begins behind ``{after}``, the key of the last one read (nothing at first), ``{limit}`` is
    the size.
    """

    field: FieldPath
    size: int = Field(ge=1, le=100_000)


class FactRule(_Section):
    """How a stated fact is written for the source. Exactly one of text, date, codes.

    ``eras`` are the source's era codes, as in a date rule. ``codes`` names a code table, which is
    used from the standard to the source.
    """

    text: Text | None = None
    date: Literal[DateFormat.ERA_DIGITS, DateFormat.WESTERN_DIGITS] | None = None
    codes: str | None = None
    eras: dict[str, Literal["M", "T", "S", "H", "R"]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if sum(form is not None for form in (self.text, self.date, self.codes)) != 1:
            msg = "exactly one of text, date, codes"
            raise ValueError(msg)
        if (self.date is DateFormat.ERA_DIGITS) != bool(self.eras):
            msg = "era-digits and eras belong together"
            raise ValueError(msg)
        return self


FactName = Literal["shimei", "shimei_kana", "seinengappi", "seibetsu", "jusho"]


class SearchRule(_Section):
    """How people are searched by 基本4情報.

    The read gets a slot for each fact (``{seinengappi}``; nothing where it was not stated). Its
    records look like those of ``group``, which makes the candidates. ``needs`` lists the sets of
    facts of which one must be stated. ``people``: see the extract.
    """

    read: str
    group: str
    facts: dict[FactName, FactRule] = Field(min_length=1)
    needs: tuple[tuple[FactName, ...], ...] = Field(min_length=1)
    people: RecordsPath | None = None
    pages: Keyset | None = None


class ChangesRule(_Section):
    """How changes are read, in the order of the source's own cursor (``pages.field``)."""

    read: str
    records: RecordsPath = ""
    number: FieldPath
    at: AsOf | None = None
    pages: Keyset
    groups: tuple[str, ...] = ()


class TotalsRule(_Section):
    """Where the source states how much an extract holds: a count, and sums by field."""

    read: str
    records: FieldPath | None = None
    sums: dict[str, FieldPath] = Field(default_factory=dict)


class ExtractRule(_Section):
    """How every current record of a group is read.

    With ``people`` the answer holds, there, a list of what a read about one person answers. Without
    it the answer is a list of rows, each one record. A read of files needs no ``pages``: its
    records are read in their order.
    """

    read: str
    people: RecordsPath | None = None
    pages: Keyset | None = None
    totals: TotalsRule | None = None


class SubmitRule(_Section):
    """How items are handed to the system.

    ``call`` gets the slots ``{number}``, ``{key}`` (the idempotency key) and one for each of the
    ``items``. ``receipt`` is the field of the answer that names what was taken. ``conflict`` are
    the source's codes for a key that was used for something else.
    """

    call: Read
    receipt: FieldPath
    items: dict[str, FactRule] = Field(min_length=1)
    conflict: tuple[str, ...] = ()

    @field_validator("call")
    @classmethod
    def _can_write(cls, call: Read) -> Read:
        if call.rest is None and call.soap is None:
            msg = "a submission goes by rest or soap"
            raise ValueError(msg)
        return call


class HistoryRule(_Section):
    """How the records of a group are read as they were on a day.

    ``read`` is asked in the place of the group's own, with the slots ``{number}`` and ``{day}``;
    its records look like those of the group. ``day`` is how the source writes the day. ``unclear``
    is a field that is filled in a record if the source does not know whether it held on that day:
    then nothing is said of the group.
    """

    read: str
    day: FactRule
    unclear: FieldPath | None = None

    @field_validator("day")
    @classmethod
    def _is_a_date(cls, day: FactRule) -> FactRule:
        if day.date is None:
            msg = "a day is written as a date"
            raise ValueError(msg)
        return day


class Mapping(_Section):
    """The whole document. ``steps_module`` is the module beside it that has the vendor's steps."""

    language: Literal[1]
    system: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    notes: str = ""
    steps_module: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_]*$")
    reads: dict[str, Read] = Field(min_length=1)
    faults: dict[str, FaultMeaning] = Field(default_factory=dict)
    code_tables: dict[str, CodeTranslation] = Field(default_factory=dict)
    characters: tuple[Gaiji, ...] = ()
    groups: dict[str, GroupRule] = Field(min_length=1)
    protection_flags: FlagsRule | None = None
    search: SearchRule | None = None
    changes: ChangesRule | None = None
    extract: dict[str, ExtractRule] = Field(default_factory=dict)
    submit: dict[str, SubmitRule] = Field(default_factory=dict)
    history: dict[str, HistoryRule] = Field(default_factory=dict)
