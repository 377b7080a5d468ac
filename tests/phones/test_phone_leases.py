"""One session a phone: whose lease it is decides, and is looked at before each run."""

import json

import pytest
from phone_lab import OURS, left_on, together, wait_until

pytestmark = pytest.mark.tensorflow


@together
def test_a_phone_whose_lease_is_anothers_is_touched_no_more_and_one_that_somebody_removed_is_written_again(lab):
    """A session on a phone that another one has taken ends there within a run."""
    taken, bare = lab.phone(), lab.phone()
    running = lab.run_beside("--every", "--runs", "6", "--max-runs", "6")
    wait_until(lambda: taken.benchmarks >= 2 and bare.benchmarks >= 2)
    path, removed = (phone.path(OURS) / "lease.json" for phone in (taken, bare))
    removed.unlink()
    record = json.loads(path.read_bytes())
    path.write_text(json.dumps(record | {"token": "another", "user": "ada", "session": "nightly"}))
    begun = taken.benchmarks
    wait_until(removed.is_file)
    done = running.result()
    assert done.returncode == 5, done.err
    row = done.row_of(taken)
    assert (row["status"], "its lease was taken by ada" in row["message"]) == ("aborted", True)
    assert taken.benchmarks - begun <= 2
    assert json.loads(path.read_bytes())["user"] == "ada"
    assert any("stay_on" in one for one in left_on(lab, taken))  # whose they are now is not ours to say
    assert done.states[bare.serial] == ("ok", 6)
    assert left_on(lab, bare) == []
