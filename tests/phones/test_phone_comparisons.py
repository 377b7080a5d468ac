"""Old files and new ones timed in turn on phones: each phone its own pairs, and after an interrupt what is left."""

import json
import shutil
import signal

import pytest
from command_line import SMALL
from phone_lab import ONE_RUN, left_on, together, wait_until

pytestmark = pytest.mark.tensorflow


def session_of(lab):
    """Return the session that was made last."""
    return max((lab.folder / "results").glob("*/plan.json"), key=lambda path: path.stat().st_mtime_ns).parent


@pytest.mark.slow
@together
def test_every_phone_times_the_files_of_an_earlier_session_in_turn_with_the_new_ones(lab):
    phones = [lab.phone(), lab.phone()]
    assert lab.run("--every", *ONE_RUN).returncode == 0
    first = session_of(lab)
    done = lab.run("--every", "--against", first.name, "--runs", "6", "--max-runs", "6")
    assert done.returncode == 0, done.err
    found = json.loads(done.out)
    assert (found["old"], found["paired"]) == (f"files of session {first.name}", True)
    assert sorted((cell["device"], cell["blocks"]) for cell in found["cells"]) == [
        (phone.serial, 6) for phone in phones
    ]
    assert [left_on(lab, phone) for phone in phones] == [[], []]
    apart = lab.mbench("compare", phones[0].serial, phones[1].serial, "--by", "device", "--in", first.name, "--json")
    (cell,) = json.loads(apart.out)["cells"]
    assert (cell["variant"], cell["other_phone"]) == (SMALL, True)


@pytest.mark.slow
@together
def test_a_comparison_that_is_interrupted_goes_on_with_what_is_left(lab):
    phone = lab.phone()
    built = next((lab.home / "cache" / "files").glob("*.tflite"))
    for name in ("old.tflite", "new.tflite"):
        shutil.copy(built, lab.folder / name)
    process = lab.start(
        *("run", "--device", "pixel4", "--model", "new.tflite", "--against", "old.tflite", "--memory-runs", "0"),
        *("--num-runs", "5", "--min-secs", "0", "--warmup-secs", "0", "--runs", "7", "--max-runs", "7", "--json"),
    )
    wait_until(lambda: phone.benchmarks >= 5)
    process.send_signal(signal.SIGINT)
    assert lab.end(process).returncode == 130
    done = lab.mbench("run", "--resume", "last", "--json")
    assert done.returncode == 0, done.err
    (cell,) = json.loads(done.out)["cells"]
    assert len(cell["old"]["samples_us"]) == len(cell["new"]["samples_us"]) == 7
    assert cell["blocks"] >= 6
    assert left_on(lab, phone) == []
