"""Phones without a tool that mbench's scripts use: it is named with the way round, and nothing stays on the phone."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from phone_lab import ONE_RUN, Lab, left_on, together

from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import SyntheticLaw, pixel4

pytestmark = pytest.mark.tensorflow

_SERIALS = (f"TOOL{number:03d}" for number in itertools.count(1))


@contextmanager
def phone_without(lab: Lab, tool: str) -> Iterator[Phone]:
    """Join a phone of a farm of its own, whose commands all its phones share, and take a tool off its PATH."""
    with PhoneFarm() as farm:
        phone = farm.start(pixel4(next(_SERIALS), synthetic=SyntheticLaw(base_us=800)))
        (phone.path("/system/bin") / tool).unlink()
        assert lab.server.connect(phone.address).startswith("connected to")
        yield phone


@pytest.mark.slow
@together
def test_without_taskset_runs_are_not_pinned_and_say_so(lab):
    with phone_without(lab, "taskset") as phone:
        done = lab.run()
        assert (done.returncode, done.row["error_class"]) == (5, "environment"), done.err
        assert "the device has no taskset, which pins runs to cores. Run with --cpus none" in done.row["message"]
        assert "second try" not in done.row["message"]
        assert "came back" not in done.err
        done = lab.run("--cpus", "none", *ONE_RUN)
        assert (done.returncode, done.row["status"]) == (0, "ok"), done.err
        assert left_on(lab, phone) == []


@pytest.mark.parametrize("tool", ["sha256sum", "wc"])  # the shell of emulated phones has printf built in
@together
def test_without_what_proves_and_fetches_the_tool_is_named(lab, tool):
    with phone_without(lab, tool):
        done = lab.run()
        assert done.returncode != 0
        assert f"the device has no {tool}, which " in done.err + done.out
        assert "b''" not in done.err + done.out
        assert "came back" not in done.err
