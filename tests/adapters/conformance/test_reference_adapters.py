"""The reference adapters stand every case of the kit, as their own tests would have it."""

from __future__ import annotations

from importlib.resources import files

from adapters.conformance.testing import conformance_tests
from tests.adapters.pension_file import sample

test_resident = conformance_tests("adapters.reference.resident", calls=60)
test_tax = conformance_tests("adapters.reference.tax", calls=60)
test_welfare = conformance_tests("adapters.reference.welfare", calls=60)
test_pension = conformance_tests("adapters.reference.pension", calls=60)


def test_the_delivery_of_the_pension_host_is_what_its_layout_book_describes() -> None:
    """The sample is written by the layout, not by what the adapter reads."""
    folder = files("adapters.reference.pension").joinpath("conformance", "delivery")
    assert folder.joinpath("NENKIN.DAT").read_bytes() == sample()
