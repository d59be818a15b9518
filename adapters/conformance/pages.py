"""A page for each case, and one that lists them all, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.conformance.cases import CASES
from adapters.conformance.model import Case, Layer
from adapters.conformance.texts import CaseText, case_texts

_LAYERS = {
    Layer.STATIC: "静的 / static",
    Layer.MAPPING: "変換 / mapping",
    Layer.BEHAVIOUR: "振る舞い / behaviour",
    Layer.HOSTILE: "敵対 / hostile",
    Layer.PRIVACY: "個人情報 / privacy",
    Layer.LIVE: "実機 / live",
    Layer.LOAD: "負荷 / load",
}


def case_pages() -> Iterator[tuple[str, str]]:
    """Yield file name and content of every page, the index first."""
    texts = case_texts()
    yield "README.md", _index(texts)
    for case in CASES:
        yield f"{case.id}.md", _page(case, texts[case.id])


def _index(texts: dict[str, CaseText]) -> str:
    rows = [
        f"| [{c.id}]({c.id}.md) | {c.layer} {_LAYERS[c.layer]} | {c.level} "
        f"| {texts[c.id].title['ja']} / {texts[c.id].title['en']} |"
        for c in CASES
    ]
    return "\n".join(
        [
            "# 適合試験のケース / Cases of the conformance kit",
            "",
            "`hitotsu adapter check` が行うすべてのケース。水準は、要求する最も低い証明書です。",
            "",
            "*Every case of `hitotsu adapter check`, and the lowest certificate that needs it.*",
            "",
            "| ケース / Case | 層 / Layer | 水準 / Level | 題 / Title |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _page(case: Case, text: CaseText) -> str:
    exception = (
        "理由・票・期限のある免除（`kit.yaml` の `waivers`）。免除のある間は水準 1 まで。"
        if case.may_be_waived
        else "なし。住民を守るケースです。"
    )
    exception_en = (
        "A waiver with reason, ticket and expiry (`waivers` of `kit.yaml`); level 1 at most."
        if case.may_be_waived
        else "None: the case guards residents."
    )
    return "\n".join(
        [
            f"# {case.id} — {text.title['ja']}",
            "",
            f"{case.layer} {_LAYERS[case.layer]}、水準 {case.level} から",
            "",
            f"- **何を**：{text.what['ja']}",
            f"- **なぜ**：{text.why['ja']}",
            f"- **直し方**：{text.mend['ja']}",
            f"- **例外**：{exception}",
            "",
            f"## {text.title['en']}",
            "",
            f"- **What:** {text.what['en']}",
            f"- **Why:** {text.why['en']}",
            f"- **How to mend:** {text.mend['en']}",
            f"- **Exceptions:** {exception_en}",
            "",
        ]
    )
