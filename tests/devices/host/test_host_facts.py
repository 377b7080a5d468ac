import os
import time

import pytest

from mbench.core.errors import UsageError
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
