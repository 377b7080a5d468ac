import os
import subprocess
import sys
import time

import pytest

from mbench.core.clocks import caps
from mbench.core.errors import UsageError
from mbench.devices.host import facts
from mbench.devices.host.facts import (
    CpuSeconds,
    HostConditions,
    allowed_cpus,
    others_share,
    parse_cpus,
    read_facts,
)

pinnable = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system cannot pin processes")


def test_facts_name_the_machine():
    facts = read_facts()
    assert facts.serial
    assert facts.cores == os.cpu_count()


@pinnable
def test_the_allowed_cores_are_those_of_this_process():
    assert sorted(allowed_cpus()) == sorted(os.sched_getaffinity(0))


@pinnable
@pytest.mark.parametrize("text", ["", "a", "0-", "0,0", "3-1", "4095"])
def test_a_bad_list_of_cores_is_refused(text):
    with pytest.raises(UsageError, match="--cpus"):
        parse_cpus(text, allowed=allowed_cpus())


@pinnable
def test_a_list_of_cores_keeps_its_order():
    first = min(os.sched_getaffinity(0))
    assert parse_cpus(f"{first}-{first}", allowed=allowed_cpus()) == (first,)


def test_our_own_work_does_not_count_as_others_load():
    conditions = HostConditions()
    begun, begun_cpu = time.monotonic(), time.process_time()
    while time.process_time() - begun_cpu < 0.6:
        pass
    own_share = 0.6 / ((time.monotonic() - begun) * os.cpu_count())
    busy = conditions.read().busy_share
    assert busy is not None
    assert busy < 1.0 - own_share / 2


def test_clocks_of_a_host_are_reported_with_what_its_hardware_has(tmp_path, monkeypatch):
    monkeypatch.setattr(facts, "_CPU", tmp_path)
    monkeypatch.setattr(facts.psutil, "cpu_count", lambda: 3)
    for core, allowed in ((0, 3400000), (2, 1700000)):
        folder = tmp_path / f"cpu{core}/cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_max_freq").write_text(f"{allowed}\n", encoding="ascii")
        (folder / "cpuinfo_max_freq").write_text("3400000\n", encoding="ascii")
    found = HostConditions().read()
    assert (found.frequency_max_khz, found.frequency_hardware_khz) == (
        (3400000, None, 1700000),
        (3400000, None, 3400000),
    )
    assert found.frequency_khz is None
    assert [cap.core for cap in caps(found, None)] == [2]


def seconds(busy, ours=0.0, total=10.0):
    return CpuSeconds(total=dict.fromkeys(busy, total), busy=busy, ours=ours)


NOTHING = seconds(dict.fromkeys(range(16), 0.0), total=0.0)


def test_one_busy_core_of_many_is_seen_where_a_run_is_pinned_to_it():
    now = seconds({**dict.fromkeys(range(16), 0.0), 1: 10.0}, ours=4.0)
    assert others_share(NOTHING, now, None) == pytest.approx(6 / 160, abs=0.001)
    assert others_share(NOTHING, now, (1,)) == 0.6
    assert others_share(NOTHING, now, (1, 2)) == 0.3
    assert others_share(NOTHING, now, (2,)) == 0.0


def test_a_share_is_between_nothing_and_all_and_unknown_of_no_time_or_no_core():
    now = seconds({0: 10.0}, ours=0.0)
    assert others_share(NOTHING, now, None) == 1.0
    assert others_share(NOTHING, seconds({0: 1.0}, ours=3.0), None) == 0.0
    assert others_share(NOTHING, now, (99,)) is None
    assert others_share(NOTHING, seconds({0: 0.05}, total=0.05), None) is None
    assert others_share(NOTHING, seconds({0: 0.03}, total=0.06), None) == 0.5


@pytest.mark.parametrize(
    ("online", "cores"), [("0,2-3\n", [0, 2, 3]), ("0-7\n", [0, 1, 2]), ("?", [0, 1, 2]), (None, [0, 1, 2])]
)
def test_cores_have_the_kernels_numbers_where_some_are_switched_off(tmp_path, monkeypatch, online, cores):
    if online is not None:
        (tmp_path / "online").write_text(online, encoding="ascii")
    monkeypatch.setattr(facts, "_CPU", tmp_path)
    times = facts.psutil.cpu_times()
    monkeypatch.setattr(facts.psutil, "cpu_times", lambda percpu: [times] * 3)
    assert list(facts.read_cpu_seconds().total) == cores


@pinnable
def test_a_program_of_others_on_the_core_of_a_run_is_its_load():
    core = max(os.sched_getaffinity(0))
    spin = f"import os; os.sched_setaffinity(0, {{{core}}}); print(flush=True)\nwhile True: pass"
    conditions = HostConditions()
    with subprocess.Popen((sys.executable, "-c", spin), stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        conditions.read()
        time.sleep(0.6)
        found = conditions.read(cpus=(core,))
        other.kill()
    assert found.pinned_busy_share > 0.5
    assert conditions.read().pinned_busy_share is None
