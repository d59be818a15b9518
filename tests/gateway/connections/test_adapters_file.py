"""IT staff switch adapters on in one file; a mistake in it is named, never guessed away."""

from pathlib import Path

import pytest

from gateway.connections.config import AdaptersFileError, read_adapters_file


def write(folder: Path, text: str) -> Path:
    path = folder / "adapters.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_town_without_a_file_has_no_adapter_switched_on(tmp_path: Path) -> None:
    """Installed never means enabled."""
    assert read_adapters_file(tmp_path / "none.yaml").adapters == ()


def test_each_entry_names_adapter_municipality_and_settings(tmp_path: Path) -> None:
    """The settings belong to the adapter and are handed on as they are."""
    path = write(
        tmp_path,
        "adapters:\n"
        "  - adapter: reference-tax\n"
        "    municipality: '999997'\n"
        "    settings: {base_url: http://127.0.0.1:9, api_key: secret}\n",
    )
    (entry,) = read_adapters_file(path).adapters
    assert (entry.adapter, entry.municipality) == ("reference-tax", "999997")
    assert entry.settings == {"base_url": "http://127.0.0.1:9", "api_key": "secret"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("adapters: [", "line 1, column 12"),
        ("adapters:\n  - adapter: a\n    municipality: 999997\n", "adapters.0.municipality"),
        ("adapters:\n  - adapter: a\n    municipality: '12345'\n", "adapters.0.municipality"),
        ("adapters:\n  - municipality: '999997'\n", "adapters.0.adapter"),
        ("adapters: []\nplugins: []\n", "plugins"),
    ],
)
def test_a_mistake_is_named_by_its_place(tmp_path: Path, text: str, place: str) -> None:
    """A wrong file is refused as a whole, with the position of what is wrong."""
    with pytest.raises(AdaptersFileError) as caught:
        read_adapters_file(write(tmp_path, text))
    assert place in str(caught.value)


def test_one_adapter_is_switched_on_once_for_a_municipality(tmp_path: Path) -> None:
    """Two entries for the same adapter and town contradict each other."""
    entry = "  - {adapter: a, municipality: '999997'}\n"
    with pytest.raises(AdaptersFileError, match="listed twice"):
        read_adapters_file(write(tmp_path, "adapters:\n" + entry + entry))


def test_a_secret_in_a_wrong_file_is_not_repeated(tmp_path: Path) -> None:
    """The message names places, never contents."""
    text = "adapters:\n  - {adapter: a, municipality: canary-secret, settings: {k: canary-two}}\n"
    with pytest.raises(AdaptersFileError) as caught:
        read_adapters_file(write(tmp_path, text))
    assert "canary" not in str(caught.value).replace(str(tmp_path), "")
