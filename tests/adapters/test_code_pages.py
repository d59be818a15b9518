"""Code pages: read and written as Windows does, every code there and back, choices declared."""

from __future__ import annotations

import codecs
import io
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.encodings.codecs import register
from adapters.encodings.pages import (
    SYMBOLS,
    CodePage,
    LocalCharacters,
    PagePolicy,
    Symbols,
    code_page,
    code_pages,
    tells_symbols_apart,
)
from adapters.files.csv_files import CsvProfile, CsvShapeError, header_of, read_csv
from adapters.files.fixed import RecordReader
from adapters.files.layout import Field, FieldKind, Layout
from adapters.mapping.model import CopybookShape, CsvShape

register()
ALL = code_pages()
POLICIES = [
    (name, PagePolicy(symbols, local))
    for name in ALL
    for symbols, local in product(Symbols, LocalCharacters)
    if symbols is Symbols.OWN or not tells_symbols_apart(name)
]


@pytest.mark.parametrize(("name", "policy"), POLICIES)
def test_every_character_goes_to_a_code_that_is_read_as_it(name: str, policy: PagePolicy) -> None:
    """Only where both writings of a symbol are taken, the page's own comes back."""
    page = code_page(name, policy)
    other = dict(SYMBOLS) | {b: a for a, b in SYMBOLS}
    for text, code in page.table.encode.items():
        assert page.encode_field(text) == code
        back = page.decode_field(code).text
        assert back == text or (policy.symbols is Symbols.EITHER and back == other[text])


@pytest.mark.parametrize(("name", "policy"), POLICIES)
def test_every_code_is_written_as_it_or_as_the_one_that_is_usual(
    name: str, policy: PagePolicy
) -> None:
    """A second code of a character is read and never written."""
    page = code_page(name, policy)
    for code, text in page.table.decode.items():
        assert page.decode_field(code).text == text
        usual = page.encode_field(text)
        assert usual == code or page.decode_field(usual).text == text


@pytest.mark.parametrize(
    ("name", "codes", "read_only"),
    [
        ("cp932", 9795, 398),
        ("ibm-943", 9795, 398),
        ("shift-jis", 7070, 0),
        ("shift-jis-2004", 11424, 0),
        ("eucjp-ms", 15206, 24),
        ("euc-jp", 13137, 0),
        ("euc-jis-2004", 11424, 0),
    ],
)
def test_no_page_lost_a_code(name: str, codes: int, read_only: int) -> None:
    """The counts of the C library; Windows has 398 codes that it reads and does not write."""
    table = code_page(name).table
    assert len(table.decode) == codes
    assert len(table.decode) - len(table.encode) == read_only


@pytest.mark.parametrize(
    ("character", "windows", "python"),
    [
        ("髙", "FBFC", "EEE0"),
        ("﨑", "FAB1", "ED95"),
        ("ⅰ", "FA40", "EEEF"),
        ("纊", "FA5C", "ED40"),
    ],
)
def test_windows_writes_other_codes_than_the_codec_of_python(
    character: str, windows: str, python: str
) -> None:
    """Codes of the IBM extension, which Windows, Java and databases write."""
    assert character.encode("hitotsu-cp932") == bytes.fromhex(windows)
    assert character.encode("cp932") == bytes.fromhex(python)
    for code in (windows, python):
        assert bytes.fromhex(code).decode("hitotsu-cp932") == character


def test_373_characters_differ_from_the_codec_of_python() -> None:
    """And nothing else does."""
    table = code_page("cp932").table
    other = [c for c, code in table.encode.items() if c.encode("cp932") != code]
    assert len(other) == 373
    assert all(code.decode("cp932") == text for code, text in table.decode.items())


@pytest.mark.parametrize(
    ("character", "code"),
    [("㈱", "878A"), ("№", "8782"), ("∪", "81BE"), ("∵", "81E6"), ("≒", "81E0"), ("Ⅰ", "8754")],
)
def test_characters_with_several_codes_go_to_the_one_of_windows(character: str, code: str) -> None:
    """JIS X 0208 before NEC row 13 before the IBM extension."""
    assert character.encode("hitotsu-cp932") == bytes.fromhex(code)


@pytest.mark.parametrize(
    ("codec", "read", "written", "refused"),
    [
        ("cp932", "～－∥―", "～－∥―", "〜−‖—"),
        ("cp932-windows", "～－∥―", "～－∥―", "〜−‖—"),
        ("cp932-jis", "〜−‖—", "〜−‖—", "～－∥―"),
        ("cp932-either", "～－∥―", "～－∥―〜−‖—", ""),
        ("shift-jis", "〜−‖―", "〜−‖―", "～－∥—"),
        ("ibm-943", "〜−‖—", "〜−‖—", "～－∥―"),
        ("ibm-943-windows", "～－∥―", "～－∥―", "〜−‖—"),
    ],
)
def test_the_writing_of_symbols_is_the_one_that_was_chosen(
    codec: str, read: str, written: str, refused: str
) -> None:
    """～ and 〜 have one code; which is meant is declared and the other is refused."""
    codes = bytes.fromhex("8160 817C 8161 815C")
    assert codes.decode(f"hitotsu-{codec}") == read
    for place, character in enumerate(written):
        at = place % 4 * 2
        assert character.encode(f"hitotsu-{codec}") == codes[at : at + 2]
    for character in refused:
        with pytest.raises(UnicodeEncodeError):
            character.encode(f"hitotsu-{codec}")


@pytest.mark.parametrize("name", [name for name in ALL if tells_symbols_apart(name)])
def test_a_page_with_both_writings_leaves_no_choice(name: str) -> None:
    """JIS X 0213 and JIS X 0212 have codes of their own for them."""
    with pytest.raises(ValueError, match="both writings"):
        code_page(name, PagePolicy(Symbols.WINDOWS))
    with pytest.raises(LookupError):
        codecs.lookup(f"hitotsu-{name}-windows")


@pytest.mark.parametrize(
    ("name", "first", "second_row", "last"),
    [
        ("cp932", "F040", "F140", "F9FC"),
        ("ibm-943", "F040", "F140", "F9FC"),
        ("eucjp-ms", "F5A1", "F6A1", "8FFEFE"),
    ],
)
def test_a_towns_own_codes_are_1880_private_use_characters(
    name: str, first: str, second_row: str, last: str
) -> None:
    """In the order of Windows; a policy may refuse them."""
    page = code_page(name)
    assert page.decode_field(bytes.fromhex(first)).text == "\ue000"
    assert page.decode_field(bytes.fromhex(last)).text == "\ue757"
    columns = 94 if name.startswith("euc") else 188
    assert page.decode_field(bytes.fromhex(second_row)).text == chr(0xE000 + columns)
    assert sum("\ue000" <= text <= "\uf8ff" for text in page.table.encode) == 1880
    refusing = code_page(name, PagePolicy(local=LocalCharacters.REFUSE))
    assert refusing.decode_field(bytes.fromhex(first)).text is None
    with pytest.raises(UnicodeEncodeError):
        refusing.encode_field("\ue000")


@pytest.mark.parametrize("name", [n for n in ALL if n not in {"cp932", "ibm-943", "eucjp-ms"}])
def test_the_pages_of_jis_have_no_private_use(name: str) -> None:
    """F040 is of the second plane there, or nothing."""
    assert not any("\ue000" <= text[0] <= "\uf8ff" for text in code_page(name).table.encode)


@pytest.mark.parametrize(
    ("name", "raw", "code", "byte"),
    [
        ("cp932", "41 80", "UNDEFINED_CODE", 1),
        ("cp932", "41 A0", "UNDEFINED_CODE", 1),
        ("cp932", "FF", "UNDEFINED_CODE", 0),
        ("cp932", "41 8540", "UNDEFINED_CODE", 1),
        ("cp932", "8160 81", "CHARACTER_CUT", 2),
        ("eucjp-ms", "A1C1 8FA1", "CHARACTER_CUT", 2),
        ("euc-jp", "ADA1", "UNDEFINED_CODE", 0),
        ("shift-jis", "8740", "UNDEFINED_CODE", 0),
    ],
)
def test_what_is_no_character_has_a_place_and_no_mark(
    name: str, raw: str, code: str, byte: int
) -> None:
    """Neither U+FFFD nor a question mark."""
    found = code_page(name).decode_field(bytes.fromhex(raw))
    assert found.text is None
    assert [(q.code, q.params["byte"]) for q in found.quality] == [(code, byte)]
    with pytest.raises(UnicodeDecodeError) as caught:
        bytes.fromhex(raw).decode(f"hitotsu-{name}")
    assert caught.value.start == byte


def test_what_the_page_does_not_have_is_refused_with_its_place() -> None:
    """𠮷 and a variation selector have no code in Windows 932."""
    for text, place in (("架空𠮷", 2), ("辻\U000e0101", 1)):
        with pytest.raises(UnicodeEncodeError) as caught:
            text.encode("hitotsu-cp932")
        assert caught.value.start == place


def test_one_code_may_be_two_characters() -> None:
    """か with a mark of JIS X 0213, which has one code."""
    assert bytes.fromhex("82F5").decode("hitotsu-shift-jis-2004") == "か\u309a"
    assert "か\u309aか".encode("hitotsu-shift-jis-2004") == bytes.fromhex("82F582A9")
    assert "𠮟".encode("hitotsu-shift-jis-2004") == bytes.fromhex("9873")


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_any_bytes_decode_alike_at_once_character_by_character_and_in_pieces(
    name: str, data: st.DataObject
) -> None:
    """Text or error, and the same of them."""
    page: CodePage = code_page(name)
    codes = st.sampled_from(sorted(page.table.decode))
    raw = b"".join(data.draw(st.lists(codes | st.binary(min_size=1, max_size=3), max_size=8)))
    pieces = list(page.pieces(raw))
    expected = None if any(p.broken for p in pieces) else "".join(p.text for p in pieces)
    assert page.decode_field(raw).text == expected
    decoder = codecs.getincrementaldecoder(f"hitotsu-{name}")()
    try:
        found: str | None = "".join(decoder.decode(raw[i : i + 1]) for i in range(len(raw)))
        found = (found or "") + decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        found = None
    assert found == expected


def test_the_codecs_are_strict_only() -> None:
    """Neither ignoring nor replacing."""
    with pytest.raises(ValueError, match="strict"):
        b"\x80".decode("hitotsu-cp932", "replace")
    with pytest.raises(ValueError, match="strict"):
        "𠮷".encode("hitotsu-cp932", "ignore")
    with pytest.raises(LookupError):
        codecs.lookup("hitotsu-cp932-nothing")


def test_a_csv_file_is_read_by_a_code_page_and_its_policy() -> None:
    """A bad byte costs its own row; a town's own character is there for the mapping to name."""
    policy = PagePolicy(Symbols.JIS)
    profile = CsvProfile({"番号": "bango", "氏名": "shimei"}, "cp932", policy=policy)
    lines = ["番号,氏名", "1,髙橋～", "2,\ue000田"]
    data = "\r\n".join(lines).encode("hitotsu-cp932") + b"\r\n3,\x81\r\n"
    rows = [row.reading for row in read_csv(io.BytesIO(data), profile)]
    assert [row.record and row.record["shimei"] for row in rows] == ["髙橋〜", "\ue000田", None]
    assert [(f.quality.code, f.quality.params["byte"]) for f in rows[2].findings] == [
        ("UNDECODABLE", 2)
    ]


def test_an_encoding_that_is_not_known_is_refused_with_the_known_ones() -> None:
    """Before anything is read."""
    for work in (
        lambda: list(read_csv(io.BytesIO(b"a"), CsvProfile({"a": "a"}, "sjis"))),
        lambda: header_of(io.BytesIO(b"a"), "utf-16"),
    ):
        with pytest.raises(CsvShapeError, match="cp932, ibm-943"):
            work()


def test_a_fixed_length_record_is_read_by_a_code_page() -> None:
    """Text and double bytes; a single byte is none of these."""
    members = (
        Field("kana", 0, 4, FieldKind.TEXT),
        Field("shimei", 4, 6, FieldKind.DOUBLE),
        Field("kyu", 10, 4, FieldKind.ZONED, digits=4),
    )
    reader = RecordReader(Layout("r", 14, members), code_page("cp932"), None)
    raw = "ｻﾄｳ ".encode("hitotsu-cp932") + "髙　　".encode("hitotsu-cp932") + b"\xf0\xf1\xf2\xf3"
    record = reader.read(raw).record
    assert record == {"kana": "ｻﾄｳ", "shimei": "髙", "kyu": "0123"}
    broken = reader.read(raw[:4] + b"  " + raw[6:])
    assert [(f.path, f.quality.code) for f in broken.findings] == [
        ("shimei", "UNDEFINED_CODE"),
        ("shimei", "UNDEFINED_CODE"),
    ]


@pytest.mark.parametrize(
    "declare",
    [
        lambda: CsvShape(columns={"a": "a"}, symbols="jis"),
        lambda: CsvShape(columns={"a": "a"}, encoding="euc-jp", symbols="jis"),
        lambda: CsvShape(columns={"a": "a"}, local_characters="refuse"),
        lambda: CopybookShape(copybook="r.cpy", encoding="jef", symbols="windows"),
    ],
)
def test_a_mapping_chooses_only_where_there_is_a_choice(declare) -> None:  # type: ignore[no-untyped-def]
    """UTF-8, EUC-JP and hosts leave none."""
    with pytest.raises(ValidationError, match="is for cp932"):
        declare()
