"""A run on a phone that is well: nothing is left on it, nothing is pushed twice, and rows say what they are."""

import re
import shutil

import pytest
from phone_lab import ONE_RUN, OURS, left_on, together

from mbench.emulator.phone.facts import Cluster

pytestmark = pytest.mark.tensorflow

PUSHED = re.compile(r"pushed \d+\.\d MB at \d+\.\d MB/s, verified by SHA-256$", re.MULTILINE)


def pushed_files(phone):
    """Return what tells a pushed file from the same one pushed again: inode and time."""
    files = [path for path in phone.path(OURS).rglob("*") if path.is_file()]
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


@together
def test_a_phone_is_left_as_it_was_found_and_a_second_run_pushes_nothing(lab):
    phone = lab.phone()
    done = lab.run()
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"], done.row["emulated"]) == ("ok", 2, True)
    assert left_on(lab, phone) == []
    assert len(PUSHED.findall(done.err)) == 1
    kept = pushed_files(phone)
    assert len(kept) == 2
    again = lab.run(*ONE_RUN)
    assert again.returncode == 0
    assert pushed_files(phone) == kept
    assert "push" not in again.err


@together
def test_of_two_phones_of_one_model_one_must_be_named(lab):
    first, second = lab.phone(), lab.phone()
    refused = lab.run()
    assert refused.returncode == 2
    assert first.serial in refused.last_line
    assert second.serial in refused.last_line
    assert first.benchmarks == second.benchmarks == 0
    named = lab.run(*ONE_RUN, device=second.serial)
    assert (named.returncode, named.row["device"]) == (0, second.serial)
    assert first.benchmarks == 0


@together
def test_a_phone_that_is_not_what_its_profile_declares_is_refused(lab):
    phone = lab.phone(clusters=(Cluster(cores=(0, 1, 2, 3), min_khz=300_000, max_khz=1_785_600),))
    refused = lab.run()
    assert refused.returncode == 3
    assert "declares 8 cores, and the phone has 4" in refused.last_line
    assert phone.benchmarks == 0


@together
def test_a_phone_of_another_abi_is_refused(lab):
    phone = lab.phone(abis=("armeabi-v7a",))
    refused = lab.run()
    assert refused.returncode == 3
    assert "ABI arm64-v8a, and the phone runs armeabi-v7a" in refused.last_line
    assert phone.benchmarks == 0


@pytest.mark.parametrize(
    "data",
    [b"\x7fELF\x01\x01\x01" + bytes(60), b"no program at all\n", b"#!/no/such/shell\n"],
    ids=["of another machine", "a text", "a script of another system"],
)
@together
def test_a_binary_that_does_not_start_on_the_phone_is_refused(lab, data):
    phone = lab.phone()
    binary = lab.folder / "benchmark_model"
    binary.write_bytes(data)
    refused = lab.run("--binary", binary)
    assert refused.returncode == 2
    assert "is no benchmark_model" in refused.last_line
    assert phone.benchmarks == 0


@together
def test_a_file_with_a_hostile_name_is_a_file_and_properties_with_quotes_and_newlines_are_text(lab):
    phone = lab.phone(model="Pi'x\"el$(reboot)\n[ro.product.device]: [coral]\n4|é", release="1'3\"")
    model = lab.folder / "$(reboot) `reboot`; 'q\" reboot.tflite"
    shutil.copy(next((lab.home / "cache" / "files").glob("*.tflite")), model)
    done = lab.run("--model", model, *ONE_RUN, model="")
    assert done.returncode == 0, done.err
    assert done.row["status"] == "ok"
    assert lab.shell(phone, "echo up") == "up"
    table = lab.mbench("report", next((lab.folder / "results").iterdir())).out
    assert "\n[ro.product.device]" not in table
    assert left_on(lab, phone) == []
