"""What is wrong with the steps of a mapping, held against the module in which the vendor's are."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.mapping.document import Document, Finding, Level, Path
from adapters.mapping.own_steps import OwnSteps


def step_findings(document: Document, own: OwnSteps | None) -> Iterator[Finding]:
    """Yield steps that nobody defines, and those that nobody uses.

    ``own`` are the vendor's steps; None where their module is not at hand: names are not checked.
    """
    mapping, find = document.mapping, document.finding
    used: set[str] = set()
    for path, name in _own_steps_used(document):
        used.add(name)
        if mapping.steps_module is None:
            yield find(path, "no-steps-module", "steps_module does not say where own steps are")
        elif own is not None and name not in own:
            yield find(path, "unknown-step", f"{mapping.steps_module} defines no step {name}")
    if mapping.steps_module is not None and not used:
        message = "no item has a step of its own"
        yield find(("steps_module",), "unused-steps-module", message, Level.INFORMATION)
        return
    for name in sorted((own or {}).keys() - used):
        message = f"no item uses the step {name}"
        yield find(("steps_module",), "unused-step", message, Level.INFORMATION)


def _own_steps_used(document: Document) -> Iterator[tuple[Path, str]]:
    for ref, rule in document.mapping.groups.items():
        for name, item in rule.items.items():
            for number, step in enumerate(item.steps):
                if step.own is not None:
                    yield ("groups", ref, "items", name, "steps", number), step.own
