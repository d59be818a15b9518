"""What protection withholds does not leave, and nothing tells why."""

import pytest

from gateway.protection import ProtectionStatus, withhold
from standard_models.answers import Absence, AbsenceReason, Answer, Quality, Severity, Value

ADDRESS = frozenset({"jusho_choaza", "jusho_katagaki"})
ANSWERS: dict[str, Answer] = {
    "shimei": Value("見本　一郎"),
    "jusho_choaza": Value("見本町一丁目", quality=(Quality("TRUNCATED", Severity.WARNING),)),
    "jusho_katagaki": Absence(AbsenceReason.NOT_RECORDED),
}


def test_a_person_without_a_measure_is_answered_in_full() -> None:
    """Nothing is withheld from an ordinary answer."""
    assert withhold(ANSWERS, ADDRESS, ProtectionStatus.CLEAR) == ANSWERS


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (ProtectionStatus.PROTECTED, AbsenceReason.ASK_OFFICE),
        (ProtectionStatus.UNKNOWN, AbsenceReason.UNAVAILABLE),
    ],
)
def test_the_address_class_is_withheld_and_the_rest_is_served(
    status: ProtectionStatus, reason: AbsenceReason
) -> None:
    """DV-1, DV-3: every address item answers with the same bare reason."""
    result = withhold(ANSWERS, ADDRESS, status)
    assert result == {
        "shimei": Value("見本　一郎"),
        "jusho_choaza": Absence(reason),
        "jusho_katagaki": Absence(reason),
    }


def test_an_address_that_is_not_recorded_is_withheld_like_one_that_is() -> None:
    """DV-8: neither the value nor its absence can be told."""
    with_value: dict[str, Answer] = {"jusho_choaza": Value("見本町")}
    without: dict[str, Answer] = {"jusho_choaza": Absence(AbsenceReason.NOT_RECORDED)}
    protected = ProtectionStatus.PROTECTED
    assert withhold(with_value, ADDRESS, protected) == withhold(without, ADDRESS, protected)
