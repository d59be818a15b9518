"""NZ-5: a delivery is signed, whole and clean, or it is set aside and nothing of it is read."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from adapters.deadline import Deadline
from adapters.files.deliveries import Entry
from adapters.sources.places import FolderPlace
from gateway.clock import TOKYO
from gateway.deliveries import sign_list, written_list
from gateway.deliveries.folders import erase, set_aside
from tests.adapters.pension_file import sample
from tests.gateway.cli.conftest import Hitotsu

TOWN = ("-m", "999997")
LIST = "delivery.sha256sums"


@dataclass(frozen=True)
class Counter:
    """The pension host's folder of deliveries, and the town that takes them."""

    hitotsu: Hitotsu
    home: Path

    @property
    def folder(self) -> Path:
        """Where deliveries are put."""
        return self.home / "delivery"

    @property
    def file(self) -> Path:
        """The file of the pension host."""
        return self.folder / "NENKIN.DAT"

    @property
    def aside(self) -> list[Path]:
        """The deliveries in quarantine."""
        return sorted((self.home / "quarantine").glob("*"))

    def rule(self, **hand_over: Any) -> None:
        """Switch the adapter on."""
        entry = {
            "adapter": "reference-pension",
            "municipality": "999997",
            "settings": {"delivery": str(self.folder)},
            "hand_over": {"quarantine": str(self.home / "quarantine"), **hand_over},
        }
        (self.home / "adapters.yaml").write_text(yaml.safe_dump({"adapters": [entry]}))

    def deliver(self, content: bytes = sample(), key: str = "vendor.json", **whom: str) -> None:
        """Put a signed delivery there, as the vendor does."""
        self.folder.mkdir(exist_ok=True)
        for old in self.folder.iterdir():
            old.unlink()
        self.file.write_bytes(content)
        town = whom.get("municipality", "999997")
        adapter = whom.get("adapter", "reference-pension")
        signed = self.hitotsu(
            *("delivery", "sign", str(self.folder), "--adapter", adapter, "-m", town),
            *("--key", str(self.home / key)),
        )
        assert signed.exit_code == 0, signed.output

    def load(self) -> Result:
        """Load what is there."""
        return self.hitotsu("snapshot", "load", "reference-pension", *TOWN)

    def in_use(self) -> int:
        """How many snapshots are answered from."""
        return self.hitotsu("snapshot", "list", *TOWN).stdout.count("使用中")

    def recorded(self, function: str) -> int:
        """How many audit records there are of something."""
        return self.hitotsu("audit", "list", *TOWN).stdout.count(function)

    def refused(self, *words: str) -> str:
        """Load, and see that the delivery was set aside whole; return the reason."""
        before = self.in_use()
        there = {one.name: one.read_bytes() for one in self.folder.iterdir()}
        done = self.load()
        assert done.exit_code == 1, done.output
        assert done.stdout == ""
        assert "隔離しました" in done.stderr
        assert "前の取り込みのまま答えます" in done.stderr
        (place,) = self.aside
        assert list(self.folder.iterdir()) == []
        reason = (place / "理由.txt").read_text("utf-8")
        kept = {one.name: one.read_bytes() for one in place.iterdir() if one.name != "理由.txt"}
        assert kept == there
        for word in words:
            assert word in reason
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert self.recorded("delivery-quarantine") == 1
        assert self.in_use() == before
        return reason


@pytest.fixture
def counter(ready: Hitotsu, installation: Path) -> Counter:
    """A vendor with a key that the town has registered, and one whose key it has not."""
    for name in ("vendor", "stranger"):
        made = ready(
            "delivery", "key", str(installation / f"{name}.json"),
            str(installation / f"{name}-public.json"), "--kid", "vendor-1",
        )  # fmt: skip
        assert made.exit_code == 0, made.output
    made = Counter(ready, installation)
    made.rule(signed_by=str(installation / "vendor-public.json"))
    return made


def test_a_signed_delivery_is_loaded(counter: Counter) -> None:
    """It stays where it is, unless the operator wants it erased."""
    counter.deliver()
    done = counter.load()
    assert done.exit_code == 0, done.output
    assert counter.file.exists()
    assert counter.aside == []
    assert counter.in_use() == 1


def _unsigned(counter: Counter) -> None:
    (counter.folder / LIST).unlink()
    (counter.folder / f"{LIST}.jws").unlink()


def _without_signature(counter: Counter) -> None:
    (counter.folder / f"{LIST}.jws").unlink()


def _changed_list(counter: Counter) -> None:
    path = counter.folder / LIST
    path.write_bytes(path.read_bytes().replace(b"# ", b"#  ", 1) + b"# more\n")


def _changed_file(counter: Counter) -> None:
    content = counter.file.read_bytes()
    counter.file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def _half_a_file(counter: Counter) -> None:
    counter.file.write_bytes(counter.file.read_bytes()[:200])


def _no_file(counter: Counter) -> None:
    counter.file.unlink()
    (counter.folder / "NENKIN.DAT").write_bytes(b"")


def _attached(counter: Counter) -> None:
    """The content of another signature inside, over which the library alone would be content."""
    from joserfc import jws
    from joserfc.jwk import OKPKey

    key = OKPKey.import_key(json.loads((counter.home / "vendor.json").read_text()))
    header = {"alg": "Ed25519", "kid": "vendor-1", "typ": "hitotsu-delivery+jws"}
    other = jws.serialize_compact(header, b"something else", key, algorithms=["Ed25519"])
    (counter.folder / f"{LIST}.jws").write_text(other)


HARMS: dict[str, tuple[Callable[[Counter], None], str]] = {
    "unsigned": (_unsigned, "no signed list"),
    "list without signature": (_without_signature, "no signature"),
    "list changed": (_changed_list, "signature is wrong"),
    "file changed": (_changed_file, "not as it was signed"),
    "file cut": (_half_a_file, "not as it was signed"),
    "file empty": (_no_file, "not as it was signed"),
    "signature of something else": (_attached, "another form"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_not_as_it_was_signed_is_set_aside_whole(counter: Counter, harm: str) -> None:
    """NZ-5: with the reason in Japanese, a record, and the last snapshot in use."""
    counter.deliver()
    assert counter.load().exit_code == 0
    change, why = HARMS[harm]
    change(counter)
    reason = counter.refused(why, "隔離しました", "999997", "reference-pension")
    assert "届け直してもらって" in reason


def test_the_key_of_a_stranger_is_no_key(counter: Counter) -> None:
    """NZ-5: though it has the same name."""
    counter.deliver(key="stranger.json")
    counter.refused("signature is wrong")


@pytest.mark.parametrize("whom", [{"municipality": "131016"}, {"adapter": "reference-resident"}])
def test_a_delivery_for_somebody_else_is_not_taken(counter: Counter, whom: dict[str, str]) -> None:
    """NZ-5: another town's people must not be answered for this one's."""
    counter.deliver(**whom)
    counter.refused("another municipality or adapter")


def _signed_in(counter: Counter, year: int) -> None:
    """Put a delivery there that was signed in April of a year."""
    counter.deliver()
    checksums = {"NENKIN.DAT": hashlib.sha256(counter.file.read_bytes()).hexdigest()}
    time = dt.datetime(year, 4, 1, tzinfo=TOKYO)
    content = written_list("999997", "reference-pension", time, checksums)
    key = json.loads((counter.home / "vendor.json").read_text())
    (counter.folder / LIST).write_bytes(content)
    (counter.folder / f"{LIST}.jws").write_text(sign_list(content, key))


def test_an_earlier_delivery_that_is_put_there_again_is_not_taken(counter: Counter) -> None:
    """NZ-5: its signature is good, and last year's residents are none of now."""
    _signed_in(counter, 2026)
    for _ in range(2):
        assert counter.load().exit_code == 0, "the same may be loaded again"
    _signed_in(counter, 2025)
    counter.refused("使用中の取り込みより前に署名された")


def test_an_earlier_delivery_says_no_my_number_either(counter: Counter) -> None:
    """NZ-5, MN-6: a number that was replaced since does not come back."""
    _signed_in(counter, 2026)
    assert counter.load().exit_code == 0
    _signed_in(counter, 2025)
    done = counter.hitotsu("my-number", "load", "reference-pension", *TOWN)
    assert (done.exit_code, "使用中の取り込みより前に署名された" in done.stderr) == (1, True)
    assert len(counter.aside) == 1
    assert not counter.file.exists()


def test_a_partial_delivery_is_set_aside_though_it_was_signed(counter: Counter) -> None:
    """NZ-5: something that was signed for is missing, or its own trailer is."""
    counter.deliver()
    (counter.folder / "BIKO.CSV").write_text("x")
    for name in (LIST, f"{LIST}.jws"):
        (counter.folder / name).unlink()
    again = counter.hitotsu(
        *("delivery", "sign", str(counter.folder), "--adapter", "reference-pension", *TOWN),
        *("--key", str(counter.home / "vendor.json")),
    )
    assert again.exit_code == 0
    (counter.folder / "BIKO.CSV").unlink()
    counter.refused("足りないもの", "BIKO.CSV: signed for, and not there")


def test_a_signed_file_without_its_trailer_is_set_aside(counter: Counter) -> None:
    """NZ-5: the vendor signed half an extract."""
    counter.deliver(sample()[:-60])
    counter.refused("TRAILER_MISSING")


def test_without_a_key_nothing_is_loaded_unless_the_operator_says_so(counter: Counter) -> None:
    """NZ-5: a signature is required by default; what may be good stays where it is."""
    counter.deliver()
    _unsigned(counter)
    counter.rule()
    done = counter.load()
    assert (done.exit_code, "signed_by" in done.stderr) == (1, True)
    assert counter.file.exists()
    counter.rule(signed_by=str(counter.home / "nowhere.json"))
    assert counter.load().exit_code == 1
    counter.rule(signed_by=str(counter.home / "vendor.json"))
    private = counter.load()
    assert (private.exit_code, "公開鍵" in private.stderr) == (1, True)
    counter.rule(signed_by=str(counter.home / "vendor-public.json"), accept_unsigned=True)
    assert counter.load().exit_code == 1
    counter.rule(accept_unsigned=True)
    assert counter.load().exit_code == 0
    assert counter.aside == []


def _scanner(counter: Counter, code: str) -> tuple[str, ...]:
    program = counter.home / "scanner.py"
    program.write_text(
        f"import os, sys, time, pathlib\npath = pathlib.Path(sys.argv[-1])\n{code}\n"
    )
    return (sys.executable, str(program), "--no-summary")


def _rule_with_scan(counter: Counter, *command: str, **more: Any) -> None:
    counter.rule(signed_by=str(counter.home / "vendor-public.json"), scan=[*command], **more)


def test_every_file_is_scanned_and_an_infected_one_takes_all_with_it(counter: Counter) -> None:
    """NZ-5: without a shell, with the path as one word, and with none of our settings."""
    seen = counter.home / "seen"
    code = (
        f"with open({str(seen)!r}, 'a') as told: print(sys.argv[1:], dict(os.environ), file=told)\n"
        "sys.exit(b'EICAR' in path.read_bytes())"
    )
    _rule_with_scan(counter, *_scanner(counter, code))
    counter.deliver()
    assert counter.load().exit_code == 0
    told = seen.read_text().splitlines()
    assert len(told) == 3, "the file, the list and its signature"
    assert str(["--no-summary", str(counter.file)]) in told[0]
    assert "HITOTSU" not in seen.read_text()
    counter.deliver(sample() + b"EICAR")
    counter.refused("ウイルス", "malware: NENKIN.DAT")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("sys.exit(2)", "終了コード 2"),
        ("time.sleep(60)", "秒で終わりません"),
        (None, "実行できません"),
    ],
)
def test_a_scanner_that_does_not_answer_keeps_everything_out(
    counter: Counter, code: str | None, why: str
) -> None:
    """NZ-5: failed, too slow, not installed: nobody knows, so the delivery waits."""
    command = _scanner(counter, code) if code else ("/nowhere/clamdscan",)
    _rule_with_scan(counter, *command, scan_timeout_s=10 if code != "time.sleep(60)" else 0.5)
    counter.deliver()
    done = counter.load()
    assert (done.exit_code, why in done.stderr) == (1, True), done.stderr
    assert counter.file.exists()
    assert counter.aside == []
    assert counter.in_use() == 0


def test_what_was_put_in_the_place_of_a_scanned_file_is_not_read(counter: Counter) -> None:
    """NZ-5: also where nobody signs, and with size and time of the scanned one."""
    code = (
        "was, content = path.stat(), path.read_bytes()\n"
        "path.write_bytes(content[:-1] + b'x')\n"
        "os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))"
    )
    counter.deliver()
    _unsigned(counter)
    counter.rule(accept_unsigned=True, scan=list(_scanner(counter, code)))
    done = counter.load()
    assert (done.exit_code, "changed after it had been checked" in done.stderr) == (1, True)
    assert counter.in_use() == 0


def test_a_delivery_is_erased_when_it_was_loaded_and_only_then(counter: Counter) -> None:
    """NZ-5: if the operator wants it; how many files and bytes stands in the record."""
    counter.rule(signed_by=str(counter.home / "vendor-public.json"), delete_when_loaded=True)
    counter.deliver()
    other = counter.folder / "OTHER.TXT"
    other.write_text("of somebody else")
    done = counter.load()
    assert done.exit_code == 0, done.output
    assert list(counter.folder.iterdir()) == [other]
    assert counter.recorded("delivery-delete") == 1
    assert counter.in_use() == 1
    counter.deliver(sample()[:-60])
    counter.refused()
    assert counter.recorded("delivery-delete") == 1


def test_a_medium_that_is_read_only_keeps_its_files_and_a_copy_is_set_aside(
    tmp_path: Path,
) -> None:
    """NZ-5: how many stay there is told; nobody, not even root, removes a file of this folder."""
    folder = Path("/proc/sys/kernel")
    listed = FolderPlace(folder).listed(Deadline.after(10))
    (entry,) = (one for one in listed if one.name == "ostype")
    place, stayed = set_aside(folder, [entry], tmp_path / "quarantine", "999997", "reason")
    assert stayed == 1
    assert (place / "ostype").read_text() == (folder / "ostype").read_text() != ""


def test_what_came_in_the_place_of_a_refused_file_is_not_set_aside(tmp_path: Path) -> None:
    """NZ-5: the vendor has delivered anew meanwhile, and nothing is known against that."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    (folder / "NENKIN.DAT").write_bytes(b"refused")
    entries = FolderPlace(folder).listed(Deadline.after(10))
    (folder / "NENKIN.DAT").unlink()
    (folder / "NENKIN.DAT").write_bytes(b"delivered anew")
    place, stayed = set_aside(folder, entries, tmp_path / "quarantine", "999997", "reason")
    assert stayed == 1
    assert (folder / "NENKIN.DAT").read_bytes() == b"delivered anew"
    assert [one.name for one in place.iterdir()] == ["理由.txt"]


def test_a_medium_that_was_taken_away_is_no_failed_load(tmp_path: Path) -> None:
    """What was loaded is loaded; how many files were not erased is told."""
    entry = Entry("NENKIN.DAT", 0, dt.datetime.now(dt.UTC))
    assert erase(tmp_path / "gone", [entry]) == 1


IN_CP932 = os.fsdecode("年金.DAT".encode("cp932"))


@pytest.mark.parametrize(
    "name",
    ["a\nb", "a\u2028b", " a", IN_CP932],
    ids=["line break", "line separator", "blank in front", "not UTF-8"],
)
def test_a_name_that_no_list_can_hold_is_told_to_the_deliverer(counter: Counter, name: str) -> None:
    """NZ-5: otherwise the town would set aside what the deliverer believes to be signed."""
    counter.deliver()
    _unsigned(counter)
    (counter.folder / name).write_bytes(b"x")
    refused = counter.hitotsu(
        *("delivery", "sign", str(counter.folder), "--adapter", "reference-pension", *TOWN),
        *("--key", str(counter.home / "vendor.json")),
    )
    assert (refused.exit_code, "一覧に書けない名前" in refused.stderr) == (1, True)
    assert not (counter.folder / LIST).exists()


def test_a_deliverer_signs_what_is_in_the_folder_once(counter: Counter) -> None:
    """The list is one that sha256sum checks; keys that cannot sign are refused in plain words."""
    counter.deliver()
    listed = (counter.folder / LIST).read_text().splitlines()
    assert listed[0].startswith("# hitotsu-delivery 999997 reference-pension 20")
    assert [line.split("  ")[1] for line in listed[1:]] == ["NENKIN.DAT"]
    sign = ("delivery", "sign", str(counter.folder), "--adapter", "reference-pension", *TOWN)
    again = counter.hitotsu(*sign, "--key", str(counter.home / "vendor.json"))
    assert again.exit_code == 1, "nothing is written over"
    _unsigned(counter)
    for wrong in ("vendor-public.json", "scanner.py"):
        (counter.home / "scanner.py").write_text("no JSON")
        refused = counter.hitotsu(*sign, "--key", str(counter.home / wrong))
        assert (refused.exit_code, "秘密鍵" in refused.stderr) == (1, True)
    assert stat.S_IMODE((counter.home / "vendor.json").stat().st_mode) == 0o600
