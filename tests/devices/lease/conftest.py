"""One phone, and two hosts that want it."""

import pytest
from lease_hosts import ELSEWHERE, Host, PhoneWithItsOwnTime

from mbench.devices.lease.records import this_process


@pytest.fixture
def phone(tmp_path) -> PhoneWithItsOwnTime:
    return PhoneWithItsOwnTime(tmp_path / "phone's folder", tmp_path / "tools")


@pytest.fixture
def here(tmp_path) -> Host:
    return Host(tmp_path / "leases here", this_process("mine"))


@pytest.fixture
def elsewhere(tmp_path) -> Host:
    return Host(tmp_path / "leases elsewhere", ELSEWHERE)
