"""Nothing leaves that the source did not itself tie to the person asked."""

import pytest

from adapters.errors import WrongSubject
from gateway.questions.guard import require_subject
from standard_models.answers import StandardRecord


def record(number: str) -> StandardRecord:
    return StandardRecord("001.juminkihonjoho", number, {})


def test_records_that_echo_the_number_asked_for_pass() -> None:
    """The source says whose records they are."""
    require_subject([record("000000047112"), record("000000047112")], "000000047112")


@pytest.mark.parametrize("echoed", ["", "000000047120", "47112", "000000047112 "])
def test_one_record_of_somebody_else_discards_them_all(echoed: str) -> None:
    """WP-1, WP-3: an echo that differs in any way is another person."""
    with pytest.raises(WrongSubject) as caught:
        require_subject([record("000000047112"), record(echoed)], "000000047112")
    assert "47112" not in str(caught.value)
