"""Faults of hosts, by what their phones showed before and after their parts, or by that they were gone."""

import pytest
from sample_results import DEVICE, result

from mbench.core.error_classes import ENVIRONMENT, TRANSPORT
from mbench.core.results import Status
from mbench.devices.health.check import Check, CheckName, CheckState
from mbench.workflows.farm.fitness import HealthNote, unfit
from mbench.workflows.nightly.lent_health import faults_by_host

HOSTS = {f"A{number}": "lab-1" for number in range(4)} | {"B0": "lab-2"}


def lost(serial, error_class=TRANSPORT):
    device = DEVICE.model_copy(update={"serial": serial})
    return result(device=device, status=Status.SKIPPED, error_class=error_class, message="gone")


def test_phones_of_one_host_that_are_gone_at_once_are_one_fault_of_that_host():
    ((host, fault),) = faults_by_host({}, HOSTS, [lost("A0"), lost("A1"), lost("A2"), lost("B0")])
    assert (host, fault.cause, fault.serials) == ("lab-1", "gone", ("A0", "A1", "A2"))


@pytest.mark.parametrize(
    "results",
    [
        [lost("A0"), lost("A1"), lost("B0")],
        [lost("A0", ENVIRONMENT), lost("A1", ENVIRONMENT), lost("A2", ENVIRONMENT)],
        [],
    ],
)
def test_few_phones_or_other_reasons_are_no_fault_of_a_host(results):
    assert faults_by_host({}, HOSTS, results) == []


def test_what_phones_showed_before_counts_likewise():
    locked = HealthNote(checks=(Check(name=CheckName.LOCK, state=CheckState.FAILED),))
    ((host, fault),) = faults_by_host(dict.fromkeys(("A0", "A1", "A2"), locked), HOSTS, [])
    assert (host, fault.cause) == ("lab-1", "locked")


def test_a_phone_that_is_unfit_says_so_and_one_that_is_warm_is_waited_for():
    low = Check(name=CheckName.BATTERY_LEVEL, state=CheckState.FAILED, figure="3 %", limit="25 %", remedy="Charge it.")
    warm = Check(name=CheckName.THERMAL_STATUS, state=CheckState.FAILED)
    assert unfit("A0", (warm,)) is None
    why = unfit("A0", (warm, low))
    assert why is not None
    assert str(why).startswith("A0: ")
    assert str(why).endswith("Charge it.")
