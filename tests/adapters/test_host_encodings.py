"""Host encodings: every code there and back, in pieces as at once, and no mark for what is not."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapters.encodings
from adapters.encodings.codecs import register
from adapters.encodings.host import HostEncoding, host_encoding, host_encodings
from adapters.encodings.tables import Selectors, rows

register()
ALL = host_encodings()
DATA = Path(adapters.encodings.__file__).parent / "data"


@pytest.fixture(params=ALL)
def encoding(request: pytest.FixtureRequest) -> HostEncoding:
    return host_encoding(request.param)


def test_every_code_round_trips_or_comes_from_the_host_only(encoding: HostEncoding) -> None:
    """Single and double bytes: what goes to the host comes back as it was."""
    for table, double in ((encoding.single, False), (encoding.double, True)):
        shifts = {*encoding.to_double, *encoding.to_single}
        for text, code in table.encode.items():
            if code in shifts:
                continue
            own = code.translate(encoding.exchange[0]) if double and encoding.exchange else code
            back = encoding.decode_field(own, double=double).text
            assert back is not None
            assert back == text or _is_other_writing(text, back), code.hex()


def _is_other_writing(text: str, back: str) -> bool:
    """A selector of the usual shape says nothing; a compatibility ideograph is a shape."""
    return text.startswith(back) or "\uf900" <= text <= "\ufaff"


def test_what_was_decoded_is_encoded_to_the_same_text(encoding: HostEncoding) -> None:
    """Text → bytes → text for every character of the tables, shifts included."""
    texts = [*encoding.single.decode.values(), *encoding.double.decode.values()]
    for text in texts:
        try:
            raw = encoding.encode_field(text)
        except UnicodeEncodeError:
            continue
        assert encoding.decode_field(raw).text == text


@pytest.mark.parametrize("name", ALL)
def test_chunks_of_one_byte_decode_as_the_whole(name: str) -> None:
    """Borders of chunks never split a character or a shift."""
    encoding = host_encoding(name)
    text = "ABC" + "架空　花子" + "123" + "渡邊"
    raw = encoding.encode_field(text)
    decoder = codecs.getincrementaldecoder(f"hitotsu-{name}")()
    found = "".join(decoder.decode(raw[i : i + 1]) for i in range(len(raw)))
    assert found + decoder.decode(b"", final=True) == encoding.decode_field(raw).text
    plain = re.sub("[\U000e0100-\U000e01ef]", "", encoding.decode_field(raw).text or "")
    assert plain == text


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_any_bytes_decode_alike_at_once_and_in_pieces(name: str, data: st.DataObject) -> None:
    """Text or error, and the same of them."""
    encoding = host_encoding(name)
    shifts = [*encoding.to_double, *encoding.to_single]
    parts = data.draw(st.lists(st.sampled_from(shifts) | st.binary(min_size=1, max_size=3)))
    raw = b"".join(parts)
    at_once = _outcome(lambda: codecs.decode(raw, f"hitotsu-{name}"))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=4)))
    decoder = codecs.getincrementaldecoder(f"hitotsu-{name}")()

    def in_pieces() -> str:
        found = "".join(
            decoder.decode(raw[a:b]) for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)
        )
        return found + decoder.decode(b"", final=True)

    assert _outcome(in_pieces) == at_once


def _outcome(work) -> str | None:  # type: ignore[no-untyped-def]
    try:
        return str(work())
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        ("jef", "28B0A129", "亜"),
        ("jef", "38B0A129", "亜"),
        ("jef", "C1C2F1", "AB1"),
        ("keis83", "0A42B0A10A41F1", "亜1"),
        ("jips-j", "1A7030211A7131", "亜1"),
        ("ibm-930", "0E48670F", "亜"),
    ],
)
def test_known_bytes_are_known_characters(name: str, raw: str, text: str) -> None:
    """亜 stands at 3021 of JIS; the hosts add or exchange."""
    found = host_encoding(name, Selectors.NONE).decode_field(bytes.fromhex(raw))
    assert found.text == text


@pytest.mark.parametrize(
    ("raw", "double", "expected"),
    [
        ("28B0A1", False, [("SHIFT_UNBALANCED", "R", 3)]),
        ("28B0A1B029", False, [("UNDEFINED_CODE", "E", 3), ("SHIFT_UNBALANCED", "R", 5)]),
        ("28B0", False, [("CHARACTER_CUT", "R", 1), ("SHIFT_UNBALANCED", "R", 2)]),
        ("B0A129", True, [("SHIFT_UNBALANCED", "R", 3)]),
        ("28FFFF29", False, [("UNDEFINED_CODE", "E", 1)]),
    ],
)
def test_a_broken_field_has_no_text_and_says_where(
    raw: str, double: bool, expected: list[tuple[str, str, int]]
) -> None:
    """The byte offset, never the content."""
    found = host_encoding("jef").decode_field(bytes.fromhex(raw), double=double)
    assert found.text is None
    told = [(q.code, q.severity.value, q.params["byte"]) for q in found.quality]
    assert told == expected


@pytest.mark.parametrize("name", [n for n in ALL if host_encoding(n).user_defined])
def test_each_code_of_the_user_range_is_one_private_use_character(name: str) -> None:
    """There and back; none is shared with another code."""
    user = host_encoding(name).user_defined
    assert user is not None
    seen = set()
    for row in range(user.first[0], user.last[0] + 1):
        for column in range(user.first[1], 0xFF):
            code = bytes([row, column])
            private = user.private_use_of(code)
            assert private is not None
            assert "\ue000" <= private <= "\uf8ff"
            assert user.code_of(private) == code
            seen.add(private)
    assert len(seen) == (user.last[0] - user.first[0] + 1) * user.columns


def test_a_towns_own_character_is_decoded_to_what_a_mapping_can_name() -> None:
    """80A1 of JEF is the first; the mapping of its system says what it is."""
    assert host_encoding("jef").decode_field(bytes.fromhex("2880A129")).text == "\ue000"


def test_a_shape_is_kept_by_its_selector_or_its_loss_is_told() -> None:
    """41A5 is a 丈 of another shape than BEE6."""
    raw = bytes.fromhex("2841A529")
    assert host_encoding("jef").decode_field(raw).text == "丈\U000e0103"
    folded = host_encoding("jef", Selectors.NONE).decode_field(raw)
    assert folded.text == "丈"
    assert [q.code for q in folded.quality] == ["VARIANT_FOLDED"]
    assert host_encoding("jef").encode_field("丈\U000e0103") == raw


def test_what_a_host_cannot_hold_is_refused_with_its_place() -> None:
    """Nothing is put in its place."""
    with pytest.raises(UnicodeEncodeError) as caught:
        host_encoding("keis83").encode_field("架空\U0001f600")
    assert (caught.value.start, caught.value.end) == (2, 3)


def test_the_codecs_are_strict_only() -> None:
    """Neither ignoring nor replacing."""
    with pytest.raises(ValueError, match="strict"):
        b"\xc1".decode("hitotsu-jef", "replace")
    with pytest.raises(UnicodeDecodeError):
        b"\x28\xff\xff\x29".decode("hitotsu-jef")
    assert "AB".encode("hitotsu-jef") == b"\xc1\xc2"


def test_every_table_has_a_licence_entry() -> None:
    """With origin and terms; no entry is left behind."""
    text = (DATA / "LICENCES.md").read_text("utf-8")
    entries = set(re.findall(r"^\| `([^`]+)` \|", text, re.M))
    assert entries == {path.name for path in DATA.iterdir() if path.name != "LICENCES.md"}


def test_the_tables_are_as_large_as_their_lists() -> None:
    """A table that lost rows would refuse characters silently."""
    sizes = {name: len(rows(name)) for name in ("jef", "keis78", "keis83", "jips")}
    assert sizes["jef"] > 11_400
    assert sizes["keis83"] > 6_800
    assert sizes["keis78"] > 6_800
    assert sizes["jips"] > 7_000
