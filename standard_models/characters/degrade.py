"""Reduces a text to a weaker repertoire, reversibly, and says of each character what was done.

A reduced text is for a weak system's screen or printer. It is never written back: it has a type of
its own, and only its record leads back to what was registered.

Source: MJ縮退マップ 1.2.0; choosing nothing where several targets are equal: our rule (D).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from standard_models.answers import Quality, Severity
from standard_models.characters.repertoire import Repertoire
from standard_models.reference.character_tables import Basis, Reduction, reductions
from standard_models.values.text import GETA, iter_characters

ANY_BASIS: Final = Basis(31)
_UNRANKED: Final = 99


@dataclass(frozen=True, slots=True)
class Substitution:
    """One character that was reduced.

    ``position`` counts characters as people see them, from 1. ``target`` is 〓 where nothing was
    chosen; ``candidates`` are what a person can choose from then. ``chosen`` tells whether an
    explicit choice decided.
    """

    position: int
    source: str
    target: str
    basis: Basis | None
    rank: int | None
    candidates: tuple[str, ...] = ()
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Degraded:
    """A reduced text with its record. ``original`` gives back what was reduced."""

    text: str
    repertoire: str
    substitutions: tuple[Substitution, ...]
    quality: tuple[Quality, ...]

    def original(self) -> str:
        """Return the text as it was before."""
        characters = list(iter_characters(self.text))
        for done in self.substitutions:
            characters[done.position - 1] = done.source
        return "".join(characters)

    def to_json(self) -> dict[str, Any]:
        """Return ``{text, repertoire, substitutions}``; code points, basis names and ranks."""
        return {
            "text": self.text,
            "repertoire": self.repertoire,
            "substitutions": [
                {
                    "position": done.position,
                    "source": done.source,
                    "target": done.target,
                    "basis": done.basis.value if done.basis is not None else None,
                    "rank": done.rank,
                    "candidates": list(done.candidates),
                    "chosen": done.chosen,
                }
                for done in self.substitutions
            ],
        }


@dataclass(frozen=True, slots=True)
class DegradePolicy:
    """Which ways down are allowed, and what people chose where several are equal."""

    bases: Basis = ANY_BASIS
    choices: Mapping[str, str] = field(default_factory=dict)


def degrade(text: str, repertoire: Repertoire, policy: DegradePolicy | None = None) -> Degraded:
    """Reduce ``text`` so that every character is in ``repertoire`` or 〓.

    ``CHARACTER_REDUCED`` (I) for each one that has a way down; ``REDUCTION_UNDECIDED`` (W) where
    several targets are equal and no choice is given, ``REDUCTION_MISSING`` (W) where there is none:
    both stand as 〓, and the record keeps the character.
    """
    rules = policy or DegradePolicy()
    characters: list[str] = []
    done: list[Substitution] = []
    for position, character in enumerate(iter_characters(text), start=1):
        if character in repertoire:
            characters.append(character)
            continue
        substitution = _substitute(position, character, repertoire, rules)
        characters.append(substitution.target)
        done.append(substitution)
    name = f"{repertoire.id} {repertoire.version}"
    return Degraded("".join(characters), name, tuple(done), tuple(map(_finding, done)))


def _substitute(
    position: int, character: str, repertoire: Repertoire, policy: DegradePolicy
) -> Substitution:
    ways = [way for way in _ways(character, policy.bases) if way.target in repertoire]
    candidates = tuple(dict.fromkeys(way.target for way in ways))
    choice = policy.choices.get(character)
    if choice is not None and choice in repertoire:
        way = next((way for way in ways if way.target == choice), None)
        basis, rank = (way.basis, way.rank) if way else (None, None)
        return Substitution(position, character, choice, basis, rank, candidates, chosen=True)
    best = _best(ways)
    if best is None:
        return Substitution(position, character, GETA, None, None, candidates)
    return Substitution(position, character, best.target, best.basis, best.rank, candidates)


def _ways(character: str, bases: Basis) -> Iterator[Reduction]:
    """Yield the ways down of the sequence itself, else those of its base."""
    known = reductions().get(character) or reductions().get(character[0], ())
    if len(character) > 1:
        yield Reduction(character[0], Basis.JIS_INCLUSION, None, 0)
    yield from (way for way in known if way.basis & bases)


def _best(ways: list[Reduction]) -> Reduction | None:
    """Return the one way that goes before all others, None if there is none or more than one."""
    if not ways:
        return None
    order = [(way.hops != 0, way.rank or _UNRANKED, way.hops or 0) for way in ways]
    first = min(order)
    targets = {way.target: way for way, key in zip(ways, order, strict=True) if key == first}
    return next(iter(targets.values())) if len(targets) == 1 else None


def _finding(done: Substitution) -> Quality:
    params: dict[str, str | int] = {
        "code_point": " ".join(f"U+{ord(c):04X}" for c in done.source),
        "position": done.position,
    }
    if done.target != GETA:
        return Quality("CHARACTER_REDUCED", Severity.INFORMATION, params)
    code = "REDUCTION_UNDECIDED" if done.candidates else "REDUCTION_MISSING"
    return Quality(code, Severity.WARNING, params)
