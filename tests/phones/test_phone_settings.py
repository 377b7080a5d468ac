"""Clocks that a user wants otherwise: set while the phone is measured, as before afterwards, refused where not had."""

import signal

import pytest
from phone_lab import arm, left_on, together, wait_until

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow

FIXED = "dumpsys power | grep -o 'mFixedPerformanceModeEnabled=.*'"
GOVERNORS = "cat /sys/devices/system/cpu/cpufreq/policy*/scaling_governor | sort -u"


def fixed(lab, phone):
    return lab.shell(phone, FIXED).partition("=")[2]


@together
def test_clocks_are_as_wanted_in_a_session_and_as_before_after_it_and_after_ctrl_c(lab):
    phone = lab.phone(rooted=True)
    before = lab.shell(phone, GOVERNORS)
    assert before != "performance"
    arm(phone, FaultKind.HANG, run=2)
    process = lab.start_run("--fixed-performance", "--governor", "performance", "--min-secs", "0.9", "--max-secs", "60")
    wait_until(lambda: phone.benchmarks >= 2)
    assert (fixed(lab, phone), lab.shell(phone, GOVERNORS)) == ("true", "performance")
    process.send_signal(signal.SIGINT)
    assert lab.end(process).returncode == 130
    assert (fixed(lab, phone), lab.shell(phone, GOVERNORS)) == ("false", before)
    begun = phone.benchmarks
    process = lab.start("run", "--resume", "last", "--json")  # of five benchmarks of a second each
    wait_until(lambda: phone.benchmarks > begun)
    assert (fixed(lab, phone), lab.shell(phone, GOVERNORS)) == ("true", "performance")
    done = lab.end(process)
    assert (done.returncode, done.row["status"]) == (0, "ok"), done.err
    assert {tuple(run["conditions_before"]["governors"]) for run in done.runs} == {("performance",)}
    assert (fixed(lab, phone), lab.shell(phone, GOVERNORS)) == ("false", before)
    assert left_on(lab, phone) == []
    assert "; fixed performance, governor performance; seed" in lab.mbench("report").out


@together
def test_a_governor_that_may_not_be_set_is_refused_before_there_is_a_session(lab):
    phone = lab.phone()
    refused = lab.run("--governor", "performance")
    assert refused.returncode == 3
    assert "--governor performance cannot be had, governor:policy0" in refused.last_line
    assert "not rooted" in refused.last_line
    assert (phone.benchmarks, (lab.folder / "results").exists()) == (0, False)
    assert left_on(lab, phone) == []


@together
def test_fixed_performance_before_android_11_is_refused_before_there_is_a_session(lab):
    phone = lab.phone(release="10", sdk=29)
    refused = lab.run("--fixed-performance")
    assert refused.returncode == 3
    assert "--fixed-performance cannot be had" in refused.last_line
    assert (phone.benchmarks, (lab.folder / "results").exists()) == (0, False)


@together
def test_a_governor_that_the_kernel_does_not_know_is_refused_with_those_that_it_does(lab):
    lab.phone(rooted=True)
    refused = lab.run("--governor", "turbo")
    assert (refused.returncode, "schedutil" in refused.last_line) == (3, True)


@pytest.mark.parametrize("option", [("--fixed-performance",), ("--governor", "performance")], ids=["fixed", "governor"])
@together
def test_this_hosts_clocks_are_not_ours_to_set(lab, option):
    refused = lab.run(*option, device="host")
    assert (refused.returncode, "is for phones" in refused.last_line) == (2, True)
