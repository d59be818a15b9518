"""A question becomes one part for each business and group; what is wrong is named by its place."""

import pytest

from gateway.problems import Problem
from gateway.questions.plan import plan_question
from standard_models.builtin import load_builtin


def test_items_of_one_group_become_one_part_in_the_order_asked() -> None:
    """A group is read once however many of its items are asked."""
    plan = plan_question(
        [
            "001.juminkihonjoho.shimei",
            "010.kazeikihonjoho.nenzeigaku",
            "001.juminkihonjoho.seibetsu",
        ],
        load_builtin(),
    )
    assert [(p.group.ref, p.fields) for p in plan.parts] == [
        ("001.juminkihonjoho", ("shimei", "seibetsu")),
        ("010.kazeikihonjoho", ("nenzeigaku",)),
    ]


def test_the_plan_knows_the_official_ids_for_the_audit_record() -> None:
    """The record of a question names items by id, sorted."""
    plan = plan_question(
        ["031.jutogaishaatenakihonjoho.shimei", "031.jutogaishaatenakihonjoho.atenabango"],
        load_builtin(),
    )
    assert plan.item_ids == ("03100001", "03100003")


def test_every_unknown_item_is_named_by_its_place_and_none_is_repeated() -> None:
    """The problem points at all wrong places at once, without what was sent."""
    items = ["001.juminkihonjoho.shimei", "001.juminkihonjoho.canary", "999.canary.canary", "*"]
    with pytest.raises(Problem) as caught:
        plan_question(items, load_builtin())
    problem = caught.value
    assert problem.type.slug == "unknown-item"
    assert [e.pointer for e in problem.errors] == ["/items/1", "/items/2", "/items/3"]
    assert "canary" not in repr([problem.detail_ja, problem.detail_en, problem.errors])


def test_an_item_named_twice_is_refused() -> None:
    """A repeated item is a mistake of the caller, not two questions."""
    item = "001.juminkihonjoho.shimei"
    with pytest.raises(Problem) as caught:
        plan_question([item, "001.juminkihonjoho.seibetsu", item], load_builtin())
    assert caught.value.type.slug == "invalid-body"
    assert [e.pointer for e in caught.value.errors] == ["/items/2"]
