import re
from pathlib import Path

import pytest

import tests.size
from gateway.settings import Settings
from tests.docs.pages import (
    DOCS,
    ROOT,
    blocks,
    hand_written_and_generated,
    headings,
    relative_links,
)

PAGES = hand_written_and_generated()
ARCHITECTURE = (DOCS / "architecture.md").read_text("utf-8")
ROOMS = "standard_models|adapters|gateway|migrations|examples|benchmarks|tests|tools|docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_into_the_repository_leads_to_something(page: Path):
    """Relative to the page that it stands in."""
    links = relative_links(page.read_text("utf-8"))
    broken = [link for link in links if not (page.parent / link).exists()]
    assert broken == []


def test_the_links_are_found_at_all():
    """A reader of the front page is sent to at least these."""
    links = relative_links((ROOT / "README.md").read_text("utf-8"))
    assert {"docs/api.md", "docs/adapters.md", "docs/operations.md", "NOTICE"} <= set(links)
    assert relative_links("[a](b.md#c) [d](https://e.example/f) [g](#h)") == ["b.md"]


def test_every_path_named_in_the_documents_exists():
    """Paths in backquotes that begin with a folder of the repository."""
    missing = []
    for page in PAGES:
        named = re.findall(rf"`((?:{ROOMS})/[\w./-]*)`", page.read_text("utf-8"))
        missing += [f"{page.name}: {path}" for path in named if not (ROOT / path).exists()]
    assert missing == []


def test_every_room_of_the_architecture_exists():
    """The tree of rooms, line by line, each below the room that it is indented under."""
    (tree,) = [block for block in blocks(ARCHITECTURE, "") if "standard_models/" in block]
    checked = 0
    room = ROOT
    for line in tree.splitlines():
        words = re.match(r"(?P<indent> *)(?P<names>\S+(?:,? [a-z_]+/)*)", line)
        if not words:
            continue
        names = re.findall(r"[\w./]+", words["names"])
        if not words["indent"]:
            room = ROOT / names[0]
        for name in names:
            inside = ROOT / name if not words["indent"] else room / name
            found = inside.exists() or inside.with_suffix(".py").exists()
            found = found or inside.with_suffix(".yaml").exists()
            assert found, name
            checked += 1
    assert checked >= 25


def test_every_module_named_in_the_architecture_exists():
    """Dotted names of our packages."""
    named = re.findall(r"`((?:standard_models|adapters|gateway)(?:\.[a-z_]+)+)`", ARCHITECTURE)
    for name in named:
        path = ROOT.joinpath(*name.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_both_languages_of_the_front_page_have_the_same_sections():
    """As many headings of each level, in the same order."""
    pages = [(ROOT / name).read_text("utf-8") for name in ("README.md", "README.en.md")]
    levels = [[heading.split()[0] for heading in headings(page)] for page in pages]
    assert levels[0] == levels[1]
    assert levels[0].count("##") >= 4


def test_both_languages_of_the_front_page_lead_to_the_same_places():
    """Apart from the link to the other language."""
    links = [
        set(relative_links((ROOT / name).read_text("utf-8"))) - {"README.md", "README.en.md"}
        for name in ("README.md", "README.en.md")
    ]
    assert links[0] == links[1]


def test_every_section_of_a_hand_written_guide_has_a_summary_in_english():
    """A paragraph in italics below each heading of the second level."""
    for name in ("operations.md", "adapters.md"):
        text = (DOCS / name).read_text("utf-8")
        sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
        without = [s.splitlines()[0] for s in sections if not re.search(r"^\*[A-Z`\"]", s, re.M)]
        assert without == [], name


def test_the_documents_name_no_setting_that_does_not_exist():
    """Everything that looks like an environment variable of ours."""
    known = {f"HITOTSU_{name.upper()}" for name in Settings.model_fields}
    known |= {"HITOTSU_CLI_MUNICIPALITY", tests.size.SETTING}
    for page in PAGES:
        named = set(re.findall(r"HITOTSU_[A-Z_]*[A-Z]", page.read_text("utf-8")))
        assert named <= known, page.name


def test_every_target_of_make_that_the_documents_name_exists():
    """In prose and in blocks of code."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        text = page.read_text("utf-8")
        named = set(re.findall(r"`make ([a-z]+)", text))
        for block in blocks(text, ""):
            named |= set(re.findall(r"^make ([a-z]+)", block, re.MULTILINE))
        assert named <= targets, page.name
