"""The examples of the API description are questions and answers as they really are."""

import pytest
from pydantic import ValidationError

from gateway.questions.examples import (
    ANSWER_EXAMPLE,
    QUESTION_EXAMPLES,
)
from gateway.questions.plan import plan_question
from gateway.questions.render import render_answer
from gateway.questions.schemas import AnswerDocument, Question
from standard_models.builtin import load_builtin
from tests.gateway.questions.conftest import NAME, TAX, World


@pytest.mark.parametrize("name", QUESTION_EXAMPLES)
def test_every_example_question_is_one_that_can_be_asked(name: str) -> None:
    """Every item of an example exists in the installed editions."""
    question = Question.model_validate(QUESTION_EXAMPLES[name]["value"])
    assert len(plan_question(question.items, load_builtin()).item_ids) == len(question.items)


@pytest.mark.parametrize("word", ["no", "false", 0])
def test_whether_there_is_a_receipt_is_said_by_true_or_false(word: object) -> None:
    """Nothing else is guessed at."""
    with pytest.raises(ValidationError):
        Question.model_validate({"subject": "h", "purpose": "p", "items": [NAME], "receipt": word})


def test_the_example_answer_answers_the_example_question() -> None:
    """Every item of the question stands in the answer, as a value or as an absence."""
    answer = AnswerDocument.model_validate(ANSWER_EXAMPLE)
    found = {
        f"{part.group}.{field}"
        for part in answer.parts
        for holder in (*part.records, part.absences)
        for field in holder
    }
    assert found == set(QUESTION_EXAMPLES["three-systems"]["value"]["items"])


async def test_a_real_answer_has_exactly_the_described_shape(world: World) -> None:
    """The description names every member that an answer has, and no answer lacks one."""
    rendered = render_answer(await world.ask(NAME, TAX))
    assert set(rendered) == set(ANSWER_EXAMPLE) == set(AnswerDocument.model_fields)
    for part, described in zip(rendered["parts"], ANSWER_EXAMPLE["parts"], strict=False):
        assert set(part) == set(described) - {"problem"}
        assert set(part["provenance"]) == set(ANSWER_EXAMPLE["parts"][0]["provenance"])
    AnswerDocument.model_validate(rendered)
