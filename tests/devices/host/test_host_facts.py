import os
import time

import pytest

from mbench.core.clocks import caps
from mbench.core.errors import UsageError
from mbench.devices.host import facts
from mbench.devices.host.facts import HostConditions, allowed_cpus, parse_cpus, read_facts

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


def test_clocks_of_a_host_are_told_with_what_its_hardware_has(tmp_path, monkeypatch):
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
