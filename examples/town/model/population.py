"""The whole town, one group of people after the other."""

from __future__ import annotations

import random
from collections.abc import Iterator

from examples.town.model.families import ordinary
from examples.town.model.maker import Maker
from examples.town.model.numbers import NumberOffice
from examples.town.model.oddities import ODDITIES, later_resident, make_outsider
from examples.town.model.people import Group
from examples.town.model.stories import VISITORS

SMALLEST_TOWN = 120
"""Households that a town needs for everybody of the stories to live in it."""


def groups(seed: int, households: int) -> Iterator[Group]:
    """Yield the people of the town; the same seed and size give the same town.

    Chance is drawn anew for each group, so that one group does not depend on another.

    Raises:
        ValueError: fewer households than the stories need.

    """
    if households < SMALLEST_TOWN:
        raise ValueError(f"a town has at least {SMALLEST_TOWN} households")
    office = NumberOffice()
    made = 0
    for place, story in enumerate((*VISITORS, *ODDITIES)):
        maker = Maker(random.Random(f"{seed}:story:{place}"), office)
        story(maker)
        made += len(maker.group.households)
        yield maker.group
    for place in range(households - made):
        maker = Maker(random.Random(f"{seed}:household:{place}"), office)
        draw = maker.rng.random()
        if draw < 0.001:
            later_resident(maker)
            yield maker.group
            continue
        if draw < 0.021:
            make_outsider(maker)
        yield ordinary(maker)
