"""Passwords, one-time codes and codes for enrolling, each by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.staff import factors
from gateway.console.staff.factors import Passwords
from gateway.keys import SealingSecret
from tests.gateway.console.office import CHEAP

RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("at_s", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(at_s: int, code: str) -> None:
    """The last six digits of the test values in RFC 6238, appendix B."""
    assert factors.code_at(RFC_SECRET, at_s) == code
    assert factors.step_of(RFC_SECRET, code, at_s) == at_s // 30


@given(st.integers(min_value=60, max_value=2**31), st.integers(min_value=-300, max_value=300))
def test_a_code_is_good_in_its_own_step_and_the_neighbours(at_s: int, later_s: int) -> None:
    """A clock that is wrong by half a minute does no harm, one by two minutes does."""
    code = factors.code_at(RFC_SECRET, at_s)
    now = max(60, at_s + later_s)
    found = factors.step_of(RFC_SECRET, code, now)
    apart = abs(now // 30 - at_s // 30)
    if apart <= 1:
        # Two of the three steps may have the same code by chance; then the first one counts.
        assert found is not None
        assert factors.code_at(RFC_SECRET, found * 30) == code
    elif found is not None:
        assert factors.code_at(RFC_SECRET, found * 30) == code


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "12345a", "-12345"])
def test_what_is_no_code_is_none(code: str) -> None:
    """Whatever is typed."""
    assert factors.step_of(RFC_SECRET, code, 59) is None


async def test_a_password_is_known_again_and_stands_nowhere() -> None:
    """Each string has a salt of its own; nobody has the password None."""
    passwords = Passwords(CHEAP)
    one, two = await passwords.make("パスワードは長く"), await passwords.make("パスワードは長く")
    assert one != two
    assert one.startswith("$argon2id$v=19$")
    assert await passwords.check("パスワードは長く", one)
    assert not await passwords.check("パスワードは長い", one)
    assert not await passwords.check("パスワードは長く", None)


def test_a_code_for_enrolling_may_be_typed_as_it_is_read_aloud() -> None:
    """Without hyphens, in small letters, with blanks; no look-alikes in it (AC-7)."""
    code = factors.new_enrolment_code()
    assert not set(code) & set("01ILOU")
    typed = code.lower().replace("-", " ")
    assert factors.enrolment_digest(typed) == factors.enrolment_digest(code)
    assert factors.enrolment_digest(code[:-1]) != factors.enrolment_digest(code)


def test_a_sealed_secret_is_for_its_member_alone() -> None:
    """Moved to another row, or altered, it opens nothing."""
    sealing = SealingSecret(1, b"s" * 32)
    sealed = factors.seal_secret(sealing, "sato", RFC_SECRET)
    assert RFC_SECRET not in sealed
    assert factors.open_secret(sealing, "sato", sealed) == RFC_SECRET
    assert factors.open_secret(sealing, "tanaka", sealed) is None
    assert factors.open_secret(sealing, "sato", sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert factors.open_secret(None, "sato", sealed) is None
