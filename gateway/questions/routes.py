"""HTTP of the question."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import answer_to, called_with
from gateway.api.bodies import await_body
from gateway.api.edge import note
from gateway.api.language import choose_language
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.api.problems import ProblemRenderer
from gateway.questions.examples import ANSWER_EXAMPLES, EXPLAIN_EXAMPLES, QUESTION_EXAMPLES
from gateway.questions.household_schemas import HouseholdAnswerDocument
from gateway.questions.part_problems import PartProblems
from gateway.questions.render import render_answer
from gateway.questions.schemas import AnswerDocument, Explained, ExplanationDocument, Question
from gateway.questions.service import QuestionService

_OPENAPI: dict[str, Any] = {**SECURED, **json_request(Question, QUESTION_EXAMPLES)}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": AnswerDocument | HouseholdAnswerDocument,
        "description": "回答。一部だけのときも 200 / the answer, also a partial one",
        "content": {"application/json": {"examples": ANSWER_EXAMPLES}},
    },
    **problem_responses(
        "unknown-item",
        "unknown-purpose",
        "purpose-not-granted",
        "item-not-granted",
        "mode-not-granted",
        "relation-not-granted",
        "right-not-granted",
        "too-many-members",
        "unknown-subject",
        "login-needed",
        "login-other-subject",
        "consent-needed",
        "audit-unavailable",
        "systems-closed",
        "required-part-unavailable",
        "required-part-late",
        "proof-invalid",
        "proof-nonce-needed",
    ),
}


def question_router(service: QuestionService, access: AccessService) -> APIRouter:
    """Return the router of ``POST /v1/questions``."""
    router = APIRouter(prefix="/v1", tags=["questions"])
    renderer = ProblemRenderer(access.issuer)

    @router.post(
        "/questions",
        summary="照会する / Ask a question",
        description=(
            "対象者・利用目的・項目を指定して、必要な項目だけを一度に受け取る。許可のない項目が一つでもあれば"
            "全体を断る。求めた項目は必ず、値か、値がない理由のどちらかで返る。"
            "`relation` は同じ世帯の一人ずつに、`as_of` はその日の内容を答える。\n\n"
            "*Every item asked for comes back as a value with its source, or as the reason why "
            "there is none. With a `relation`, each member of the household is answered for; with "
            "`as_of`, what held on that day.*"
        ),
        openapi_extra=_OPENAPI,
        responses=_RESPONSES,
    )
    async def ask(request: Request) -> Response:
        await await_body(request)
        with service.place():
            who, caller, question = await called_with(request, access, service, Question)
            answer = await service.ask(who, question, caller)
            note(request, outcome=answer.outcome)
            language = choose_language(request.headers.get("accept-language"))
            problems = PartProblems(renderer, language, request.state.trace_id)
            response = answer_to(access, render_answer(answer, problems))
            response.headers["Vary"] = "Accept-Language"
            return response

    @router.post(
        "/explain",
        summary="照会できるかを確かめる / Explain a question",
        description=(
            "同じ照会が答えられるか断られるか、どの規則によるかを、対象者なしで確かめる。個人の情報には"
            "一切触れない。\n\n*Whether a question would be answered, by which rule, and who can "
            "mend it. Nobody's data is touched.*"
        ),
        openapi_extra={**SECURED, **json_request(Explained, EXPLAIN_EXAMPLES)},
        responses={
            200: {"model": ExplanationDocument, "description": "判定 / the verdict"},
            **problem_responses("audit-unavailable", "proof-invalid", "proof-nonce-needed"),
        },
    )
    async def explain(request: Request) -> Response:
        await await_body(request)
        with service.place():
            who, caller, asked = await called_with(request, access, service, Explained)
            found = await service.explain(who, asked, caller)
            purpose = await access.purpose(who.municipality, who.purpose_id)
            return answer_to(access, found.document(purpose).model_dump())

    return router
