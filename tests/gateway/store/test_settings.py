import pytest
from pydantic import ValidationError

from gateway.settings import Settings, misspelled


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"HITOTSU_{name.upper()}", raising=False)


def test_a_fresh_machine_needs_no_setting():
    """SQLite in the working folder, loopback, no state page."""
    settings = Settings()
    assert settings.database_url == "sqlite+aiosqlite:///./var/hitotsu.db"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.state_page is False
    assert settings.token_lifetime_s == 300


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    """Each has the prefix HITOTSU_."""
    monkeypatch.setenv("HITOTSU_TOKEN_LIFETIME_S", "120")
    monkeypatch.setenv("HITOTSU_STATE_PAGE", "true")
    assert Settings().token_lifetime_s == 120
    assert Settings().state_page is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_LIFETIME_S", "601"),
        ("PUBLIC_URL", "https://example.jp/"),
        ("PUBLIC_URL", "example.jp"),
        ("FLAG_POLL_S", "600"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_setting_that_cannot_work_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    """Tokens live ten minutes at most; flags are read before their copy is too old."""
    monkeypatch.setenv(f"HITOTSU_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_the_password_of_the_database_does_not_show(monkeypatch: pytest.MonkeyPatch):
    """Neither in the text form of the settings nor in an error about them."""
    monkeypatch.setenv("HITOTSU_DATABASE_URL", "postgresql://u:canary@db/x")
    assert "canary" not in repr(Settings())
    monkeypatch.setenv("HITOTSU_PUBLIC_URL", "canary")
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert "canary" not in str(refusal.value)


def test_every_setting_is_described_in_both_languages():
    """The settings page of the docs is made from these texts."""
    for name, field in Settings.model_fields.items():
        assert field.description, name
        japanese, slash, english = field.description.partition(" / ")
        assert slash, name
        assert any(ord(c) > 0x3000 for c in japanese), name
        assert english.isascii() or "…" in english, name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("HITOTSU_TRUSTED_PROXY", "HITOTSU_TRUSTED_PROXIES"),
        ("HITOTSU_REQUIRED_ADAPTER_LEVL", "HITOTSU_REQUIRED_ADAPTER_LEVEL"),
        ("HITOTSU_AUDIT_ANCHORS_DIR", "HITOTSU_AUDIT_ANCHOR_DIR"),
        ("HITOTSU_FLAG_MAX_AGE", "HITOTSU_FLAG_MAX_AGE_S"),
        ("HITOTSU_OUTGOING_NETWORK", "HITOTSU_OUTGOING_NETWORKS"),
    ],
)
def test_a_misspelled_setting_is_told_with_the_one_that_is_meant(written: str, meant: str):
    """What it should switch on would be off."""
    assert misspelled([written, "PATH", meant]) == {written: meant}


@pytest.mark.parametrize(
    "other", ["HITOTSU_CLI_MUNICIPALITY", "HITOTSU_TEST_SIZE", "HITOTSU_BENCH_ROUNDS", "HITOTSU"]
)
def test_other_variables_are_left_alone(other: str):
    """Options of commands, and what is none of ours."""
    assert misspelled([other]) == {}


def test_no_setting_is_taken_for_another_one():
    """Each is known by its own name."""
    assert misspelled(f"HITOTSU_{name.upper()}" for name in Settings.model_fields) == {}


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0"])
def test_not_everybody_is_a_proxy(network: str):
    """RFC 8705 6.5: whoever is one can show the certificate of every consumer."""
    with pytest.raises(ValidationError, match="everybody would be a proxy"):
        Settings(trusted_proxies=[network])
