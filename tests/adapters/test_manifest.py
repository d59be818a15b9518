"""What a manifest may say, and what is said of one that is wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import yaml

from adapters.errors import ConfigurationError
from adapters.manifest import Capability, Manifest, Support, read_manifest

GOOD: dict[str, Any] = {
    "id": "example-town",
    "version": "1.2.3",
    "name_ja": "見本アダプター",
    "name_en": "Example adapter",
    "vendor": "Example",
    "contacts": [
        {"name": "First", "email": "first@vendor.example"},
        {"name": "Second", "email": "second@vendor.example"},
    ],
    "licence": "Apache-2.0",
    "contract": {"minimum": "1.0", "maximum": "1.9"},
    "lifecycle": "production",
    "product": {"name_ja": "住民記録システム", "name_en": "Resident register"},
    "numbering": {"id": "resident", "name_ja": "宛名番号"},
    "capabilities": ["fetch"],
    "supplies": [{"group": "001.juminkihonjoho", "edition": "provisional-2026"}],
    "limits": {"max_concurrency": 4, "timeout_s": 10},
    "personal_data": {"processed": ["氏名"]},
}


def read(**changes: Any) -> Manifest:
    """Return the good manifest with changes; None removes a key."""
    content = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    return read_manifest(yaml.safe_dump(content, allow_unicode=True))


def test_a_complete_manifest_is_read() -> None:
    """Identity, capabilities and groups are there as written."""
    manifest = read()
    assert manifest.id == "example-town"
    assert manifest.capabilities == {Capability.FETCH}
    assert manifest.groups == ("001.juminkihonjoho",)
    assert manifest.personal_data.logged == ()


def test_every_mistake_is_named_in_one_run() -> None:
    """Unknown keys, missing keys and wrong values are all listed, by place, without values."""
    with pytest.raises(ConfigurationError) as caught:
        read(licence=None, extra_key="secret-content", limits={"max_concurrency": 0})
    detail = caught.value.detail
    assert "licence" in detail
    assert "extra_key" in detail
    assert "limits.max_concurrency" in detail
    assert "limits.timeout_s" in detail
    assert "secret-content" not in detail


def test_text_that_is_not_yaml_is_refused_with_its_place() -> None:
    """A vendor finds the line."""
    with pytest.raises(ConfigurationError, match=r"line 2, column"):
        read_manifest("id: a\n  : [")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"contacts": [{"name": "Only", "email": "one@vendor.example"}]}, "contacts"),
        ({"capabilities": ["protection-flags"]}, "supplies and a capability about groups"),
        ({"capabilities": ["fetch", "protection-flags"]}, "flag_authority"),
        ({"flag_authority": {"max_age_s": 600}}, "flag_authority"),
        ({"supplies": GOOD["supplies"] * 2}, "twice"),
        ({"lifecycle": "deprecated"}, "deprecated_until"),
        ({"freshness": {"kind": "deliveries"}}, "every_s"),
        (
            {
                "except_capabilities": [
                    {"capability": "fetch", "support": "impossible", "reason": "x"}
                ]
            },
            "contradict on fetch",
        ),
        (
            {
                "except_capabilities": [
                    {
                        "capability": "search",
                        "support": "since",
                        "since": "2026-01-01",
                        "reason": "x",
                    }
                ]
            },
            "contradict on search",
        ),
        (
            {
                "supplies": [
                    {
                        **GOOD["supplies"][0],
                        "except_items": [
                            {"field": "shimei", "support": "impossible", "reason": "x"}
                        ]
                        * 2,
                    }
                ]
            },
            "twice in except_items",
        ),
        ({"version": "1.2"}, "version"),
        ({"id": "Example Town"}, "id"),
        ({"contract": {"minimum": "one", "maximum": "1.0"}}, "contract.minimum"),
        ({"capabilities": ["fetch", "guess"]}, "capabilities"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(changes: dict[str, Any], named: str) -> None:
    """Two contacts; every capability with what belongs to it; each group once; known words."""
    with pytest.raises(ConfigurationError) as caught:
        read(**changes)
    assert named in caught.value.detail


def test_flags_are_asked_for_before_they_are_too_old() -> None:
    """A source that may be asked every ten minutes cannot keep flags younger than five."""
    capabilities = ["fetch", "protection-flags"]
    kept = read(capabilities=capabilities, flag_authority={"max_age_s": 600, "poll_s": 300})
    assert kept.flag_authority is not None
    assert kept.flag_authority.poll_s == 300
    with pytest.raises(ConfigurationError, match="poll_s is longer"):
        read(capabilities=capabilities, flag_authority={"max_age_s": 300, "poll_s": 600})


@pytest.mark.parametrize(
    ("version", "held"),
    [("0.9", False), ("1.0", True), ("1.9", True), ("1.10", False), ("2.0", False)],
)
def test_contract_versions_compare_as_numbers(version: str, held: bool) -> None:
    """1.10 comes after 1.9."""
    assert read().contract.holds(version) is held


def test_an_item_supplied_since_a_day_names_the_day() -> None:
    """``since`` without a day, and a day without ``since``, are contradictions."""
    item = {"field": "tsusho", "support": "since", "reason": "移行前は持たない"}

    def with_item(**more: str) -> Manifest:
        return read(supplies=[{**GOOD["supplies"][0], "except_items": [{**item, **more}]}])

    kept = with_item(since="2019-05-01").supplies[0].except_items[0]
    assert kept.support is Support.SINCE
    assert str(kept.since) == "2019-05-01"
    with pytest.raises(ConfigurationError, match="since"):
        with_item()
    with pytest.raises(ConfigurationError, match="since"):
        with_item(support="impossible", since="2019-05-01")


def test_a_history_says_how_far_it_reaches() -> None:
    """From its first day to the last day of what is planned, both included; none by default."""
    supply = {"group": "001.juminkihonjoho", "edition": "provisional-2026"}
    assert read().history_of("001.juminkihonjoho") is None
    told = {**supply, "history": {"since": "2020-01-01", "days_ahead": 14}}
    history = read(supplies=[told]).history_of("001.juminkihonjoho")
    assert history is not None
    today = dt.date(2026, 10, 1)
    days = [dt.date(2019, 12, 31), dt.date(2020, 1, 1), dt.date(2026, 10, 15)]
    assert [history.reaches(day, today) for day in days] == [False, True, True]
    assert not history.reaches(dt.date(2026, 10, 16), today)


def test_history_is_of_records_that_are_fetched() -> None:
    """An adapter that answers about nobody has none."""
    told = {
        "group": "001.juminkihonjoho",
        "edition": "provisional-2026",
        "history": {"since": "2020-01-01"},
    }
    with pytest.raises(ConfigurationError, match="history belongs to"):
        read(capabilities=["changes"], supplies=[told])


def test_members_are_named_in_the_adapters_own_numbers_unless_it_says_otherwise() -> None:
    """A welfare system may know children by their 宛名番号."""
    item = "027.jidojoho.jido_atenabango"
    assert read().numbering_of(item) == "resident"
    told = read(members=[{"numbering": "welfare", "item": item}])
    assert told.numbering_of(item) == "welfare"
