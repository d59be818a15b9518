"""What a new edition means for a mapping: told item by item, with what to do."""

from __future__ import annotations

import dataclasses

import pytest

from adapters.mapping.document import read_document
from adapters.mapping.edition_effects import mapping_effects
from adapters.registry import InstalledAdapter, discover
from standard_models.builtin import load_builtin
from standard_models.dictionary import Condition, Edition
from standard_models.edition_changes import ChangeKind, compare

PACKAGE = next(a for a in discover() if a.id == "reference-resident")


def resident() -> Edition:
    found = load_builtin().find_edition("001")
    assert found is not None
    return found


def later(field: str, **changes: object) -> Edition:
    """Return the resident edition with one item of 住民基本情報 changed."""
    old = resident()
    groups = tuple(
        dataclasses.replace(
            group,
            items=tuple(
                dataclasses.replace(item, **changes) if item.field_name == field else item
                for item in group.items
            ),
        )
        if group.key == "juminkihonjoho"
        else group
        for group in old.groups
    )
    return dataclasses.replace(old, edition_id="later", groups=groups)


def effects(new: Edition) -> list[tuple[ChangeKind, bool]]:
    assert isinstance(PACKAGE, InstalledAdapter)
    text = PACKAGE.mapping_text()
    assert text is not None
    document = read_document(text).mapping
    found = list(mapping_effects(document, compare(resident(), new)))
    assert all(effect.text_ja and effect.text_en for effect in found)
    assert not any("{" in effect.text_ja + effect.text_en for effect in found)
    return [(effect.change.kind, effect.breaking) for effect in found]


@pytest.mark.parametrize(
    ("changes", "kind", "breaking"),
    [
        ({"length": 40}, ChangeKind.NARROWED, True),
        ({"length": 200}, ChangeKind.WIDENED, False),
        ({"name": "氏名全体"}, ChangeKind.RENAMED, True),
        ({"condition": Condition.REQUIRED}, ChangeKind.CONDITION_CHANGED, True),
        ({"address_class": True}, ChangeKind.ADDRESS_CLASS_CHANGED, False),
    ],
)
def test_a_change_of_a_mapped_item_is_an_effect(
    changes: dict[str, object], kind: ChangeKind, breaking: bool
) -> None:
    """氏名 is filled by the mapping, so whatever happens to it concerns the mapping."""
    assert effects(later("shimei", **changes)) == [(kind, breaking)]


def test_an_item_that_goes_must_leave_the_mapping() -> None:
    """The item is removed, another one is added."""
    old = resident()
    groups = tuple(
        dataclasses.replace(g, items=tuple(i for i in g.items if i.field_name != "shimei"))
        for g in old.groups
    )
    new = dataclasses.replace(old, edition_id="later", groups=groups)
    assert (ChangeKind.REMOVED, True) in effects(new)


def test_a_change_of_another_business_has_no_effect() -> None:
    """The resident mapping fills nothing of list 031."""
    assert isinstance(PACKAGE, InstalledAdapter)
    text = PACKAGE.mapping_text()
    assert text is not None
    document = read_document(text).mapping
    old = load_builtin().find_edition("031", "official-20230929")
    new = load_builtin().find_edition("031", "official-api-2.0")
    assert old is not None
    assert new is not None
    assert list(mapping_effects(document, compare(old, new))) == []


def test_a_new_mandatory_item_of_a_mapped_group_is_told() -> None:
    """The mapping does not fill it yet."""
    old = resident()
    group = old.groups[0]
    extra = dataclasses.replace(
        group.item("shimei"),
        item_id="001P9999",
        field_name="atarashiikomoku",
        name="新しい項目",
        condition=Condition.REQUIRED,
    )
    wider = dataclasses.replace(group, items=(*group.items, extra))
    new = dataclasses.replace(old, edition_id="later", groups=(wider, *old.groups[1:]))
    assert effects(new) == [(ChangeKind.ADDED, True)]
    optional = dataclasses.replace(extra, condition=Condition.OPTIONAL)
    wider = dataclasses.replace(group, items=(*group.items, optional))
    new = dataclasses.replace(old, edition_id="later", groups=(wider, *old.groups[1:]))
    assert effects(new) == [(ChangeKind.ADDED, False)]
