import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.tree.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_ranges,
    grew,
    includes,
    inclusion_ranges,
    outer_ranges,
    root_of,
    split,
)

# Roots, paths and proofs of the eight leaves that the tests of Certificate Transparency use.
LEAVES = [
    hashlib.sha256(b"\0" + bytes.fromhex(data)).digest()
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]  # fmt: skip


def slow_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def leaves_of(size: int) -> list[bytes]:
    return [hashlib.sha256(str(i).encode()).digest() for i in range(size)]


def test_the_roots_are_those_that_the_world_knows():
    """Known answers for one to eight leaves."""
    assert [root_of(LEAVES[: n + 1]).hex() for n in range(8)] == ROOTS
    assert Frontier().root() == EMPTY_ROOT


def test_a_path_and_a_proof_that_the_world_knows():
    """Leaf 5 of 8; a tree of 6 that became one of 8."""
    path = [root_of(LEAVES[a:b]) for a, b in inclusion_ranges(5, 8)]
    assert [p.hex() for p in path] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    proof = [root_of(LEAVES[a:b]) for a, b in consistency_ranges(6, 8)]
    assert [p.hex() for p in proof] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(1, 200), st.data())
def test_every_leaf_is_proved_and_no_other_leaf_is(size: int, data: st.DataObject):
    """The right path leads to the root; another leaf, place or hash does not."""
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    root = slow_root(leaves)
    path = [slow_root(leaves[a:b]) for a, b in inclusion_ranges(index, size)]
    assert includes(leaves[index], index, size, path, root)
    assert not includes(hashlib.sha256(b"other").digest(), index, size, path, root)
    assert not includes(leaves[index], index, size, [*path, root], root)
    assert not includes(leaves[index], size, size, path, root)
    if size > 1:
        wrong = [b"\0" * 32, *path[1:]]
        assert not includes(leaves[index], index, size, wrong, root)


@given(st.integers(1, 200), st.data())
def test_growth_is_proved_and_a_changed_past_is_not(new: int, data: st.DataObject):
    """A tree that starts otherwise has no proof that fits."""
    leaves = leaves_of(new)
    old = data.draw(st.integers(1, new))
    proof = [slow_root(leaves[a:b]) for a, b in consistency_ranges(old, new)]
    assert grew(old, slow_root(leaves[:old]), new, slow_root(leaves), proof)
    changed = [hashlib.sha256(b"changed").digest(), *leaves[1:]]
    assert not grew(old, slow_root(changed[:old]), new, slow_root(leaves), proof)
    assert not grew(old, slow_root(leaves[:old]), new, slow_root(changed), proof)


@given(st.integers(1, 200), st.data())
def test_what_is_around_a_range_is_the_rest_of_the_tree(size: int, data: st.DataObject):
    """Together with the range it covers every leaf once."""
    first = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(first + 1, size))
    around = outer_ranges((first, end), size)
    covered = sorted([*around, (first, end)])
    assert [a for a, _ in covered] == [0, *[b for _, b in covered[:-1]]]
    assert covered[-1][1] == size
    assert len(around) <= 2 * size.bit_length()


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3)])
def test_a_tree_that_did_not_grow_has_no_proof(old: int, new: int):
    """Nothing is larger than what it grew from, and nothing grows from nothing."""
    with pytest.raises(ValueError, match="did not grow"):
        consistency_ranges(old, new)
    assert not grew(old, EMPTY_ROOT, new, EMPTY_ROOT, [])


def test_a_leaf_outside_the_tree_has_no_path():
    """Index counts from zero."""
    with pytest.raises(ValueError, match="no leaf 3"):
        inclusion_ranges(3, 3)
