"""The reference adapters stand every case of the kit, as their own tests would have it."""

from __future__ import annotations

from adapters.conformance.testing import conformance_tests

test_resident = conformance_tests("adapters.reference.resident", calls=60)
test_tax = conformance_tests("adapters.reference.tax", calls=60)
test_welfare = conformance_tests("adapters.reference.welfare", calls=60)
