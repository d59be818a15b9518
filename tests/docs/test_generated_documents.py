import inspect
import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.conformance.cases import CASES
from adapters.conformance.certificates import Certificate
from adapters.conformance.description import Waiver
from adapters.encodings.host import host_encodings
from adapters.encodings.pages import code_pages
from adapters.mapping.step_rules import Step
from gateway.cli import docs, vendor_reference
from gateway.cli.commands import app
from gateway.problems import PROBLEM_TYPES
from gateway.settings import Settings
from tests.docs.pages import DOCS, headings


@pytest.fixture(scope="module")
def made():
    return docs.generated_documents()


def test_the_generated_documents_are_those_of_the_code_as_it_is(made):
    """`make docs` would change nothing."""
    assert docs.stale_documents(DOCS, made) == []


def test_the_documents_do_not_depend_on_the_settings_of_the_machine(made, monkeypatch):
    """Neither on its values nor on a value that is wrong."""
    monkeypatch.setenv("HITOTSU_PUBLIC_URL", "https://elsewhere.example")
    monkeypatch.setenv("HITOTSU_TOKEN_LIFETIME_S", "77777")
    assert docs.generated_documents() == made


def test_the_check_names_a_document_that_is_missing_or_old(made, tmp_path: Path):
    """Exit code 1 and the path; writing them makes the check pass."""
    for name in ("cli.md", "codes.md", "openapi.json"):
        (tmp_path / name).write_text(made[name], "utf-8")
    (tmp_path / "settings.md").write_text("old", "utf-8")
    checked = CliRunner().invoke(app, ["docs", "--check", "--directory", str(tmp_path)])
    assert checked.exit_code == 1
    assert checked.stderr.splitlines()[:2] == [
        f"{tmp_path}{os.sep}problems.md",
        f"{tmp_path}{os.sep}settings.md",
    ]
    assert (tmp_path / "settings.md").read_text() == "old"
    assert CliRunner().invoke(app, ["docs", "--directory", str(tmp_path)]).exit_code == 0
    again = CliRunner().invoke(app, ["docs", "--check", "--directory", str(tmp_path)])
    assert again.exit_code == 0


def test_writing_the_documents_makes_no_database_and_no_keys(tmp_path: Path, monkeypatch):
    """Nothing but the documents is written where the command is run."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["docs"]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]
    assert sorted(path.name for path in (tmp_path / "docs").iterdir()) == [
        "cli.md",
        "codes.md",
        "conformance",
        "openapi.json",
        "problems.md",
        "settings.md",
        "values.md",
        "vendors",
        "versions.md",
    ]


def test_every_operation_stands_in_the_page_of_versions_and_none_is_going_away(made):
    """API9: by its version; what is not under one has a dash."""
    described = json.loads(made["openapi.json"])["paths"]
    rows = [line for line in made["versions.md"].splitlines() if line.startswith("| ")][1:]
    assert len(rows) == sum(len(methods) for methods in described.values())
    assert all(row.endswith("| 現行 / current |") for row in rows)
    assert "| v1 | `POST /v1/questions` | 照会する / Ask a question | 現行 / current |" in rows


def test_the_page_of_versions_says_of_what_is_going_away_until_when():
    """API9: a line in ``lifecycle.yaml`` is enough."""
    facts = {
        "deprecated": "2027-01-01T00:00:00+09:00",
        "sunset": "2028-01-01T00:00:00+09:00",
        "successor": "https://gateway.example/v2/questions",
        "page": "https://gateway.example/docs",
    }
    operation = {"summary": "聞く / Ask", "x-lifecycle": facts}
    page = docs.versions({"paths": {"/v1/questions": {"post": operation}}})
    assert page.splitlines()[-1] == (
        "| v1 | `POST /v1/questions` | 聞く / Ask | 2027-01-01 から非推奨 / deprecated<br>"
        "2028-01-01 に終了 / ends<br>代わり / instead: `https://gateway.example/v2/questions`<br>"
        "<https://gateway.example/docs> |"
    )


def test_every_setting_has_a_row_with_its_default():
    """The name of the environment variable, in full."""
    text = (DOCS / "settings.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `HITOTSU_")]
    names = [row.split("`")[1] for row in rows]
    assert names == [f"HITOTSU_{name.upper()}" for name in Settings.model_fields]
    assert "| `HITOTSU_TOKEN_LIFETIME_S` | `300` | 30 以上、600 以下 |" in text


def test_every_problem_has_a_section_of_its_own_name():
    """So that the end of a type URI finds it."""
    sections = headings((DOCS / "problems.md").read_text("utf-8"))[1:]
    assert sorted(sections) == sorted(f"## {slug}" for slug in PROBLEM_TYPES)


def test_a_column_separator_in_a_text_cannot_break_a_table():
    """It is written as an escaped stroke, and a line break as a blank."""
    assert docs._row(["a|b", "c\nd"]) == "| a\\|b | c d |"


def test_the_description_of_the_interface_is_for_people_who_read_japanese():
    """Japanese stands there as itself, not as escapes; the path of the question is in it."""
    text = (DOCS / "openapi.json").read_text("utf-8")
    assert "\\u" not in text
    assert "/v1/questions" in json.loads(text)["paths"]


def test_everything_that_a_vendor_meets_stands_in_the_reference_of_both_languages():
    """Steps, encodings, code pages, cases, fields of the certificate and of a waiver."""
    names = {
        *Step.model_fields, *host_encodings(), *code_pages(), *Certificate.model_fields,
        *Waiver.model_fields,
    }  # fmt: skip
    for language in ("ja", "en"):
        text = (DOCS / "vendors" / f"reference.{language}.md").read_text("utf-8")
        assert sorted(name for name in names if f"`{name}`" not in text) == []
        assert [c.id for c in CASES if f"(../conformance/{c.id}.md)" not in text] == []


def test_the_reference_shows_what_the_steps_and_encodings_do():
    """Written out by hand once: a padded number, a refusal, the bytes of two characters in JEF."""
    text = (DOCS / "vendors" / "reference.en.md").read_text("utf-8")
    assert "| `{pad_left: {width: 8}}` | `4711` | `00004711` |" in text
    assert "| `{pad_left: {width: 3}}` | `4711` | refused (`width`) |" in text
    assert "| `C1 F1` | `C7 AF B6 E2` |" in text


def test_the_reasons_for_which_a_certificate_ends_are_those_of_the_code():
    """In the words that the list of adapters shows."""
    text = (DOCS / "vendors" / "reference.en.md").read_text("utf-8")
    said = re.findall(
        r'return f?"([a-z\' ]+?) ?(?:\{.*)?"', inspect.getsource(Certificate.holds_for)
    )
    assert len(said) == 5
    assert [reason for reason in said if f"| `{reason}` |" not in text] == []


def test_a_text_without_its_thing_stops_the_reference():
    """And a thing without its text."""
    with pytest.raises(ValueError, match=r"waiver.*expires"):
        vendor_reference._paired({"case": 1, "reason": 1, "ticket": 1}, "waiver")


def test_every_command_stands_in_the_list_of_commands():
    """With the options it cannot do without."""
    text = (DOCS / "cli.md").read_text("utf-8")
    assert "hitotsu route set --municipality 6桁 GROUP ADAPTER" in text
    assert "hitotsu serve [OPTIONS]" in text
    assert "### hitotsu keys init" in text
