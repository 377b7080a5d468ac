"""A lease ends by the phone's own clock, or with its holder's process."""

import dataclasses
import logging
import subprocess
import time

import pytest
from lease_hosts import Host, abandoned, lease_file

from mbench.core.errors import TransportError
from mbench.core.ports import CommandResult
from mbench.devices.lease.lease import LeaseHeld, LeaseLost
from mbench.devices.lease.on_phone import PhoneLease
from mbench.devices.lease.records import LATEST_S


def test_an_expired_lease_of_another_host_is_taken_over_with_a_warning(phone, here, elsewhere, caplog):
    abandoned(elsewhere, phone, limit_s=600)
    phone.pass_time(700)
    with caplog.at_level(logging.WARNING), here.takes(phone):
        assert "session mine" in (here.sees(phone) or "")
    assert "took over the lease of ada on lab-2" in caplog.text
    assert "silent for more than 600 s" in caplog.text


def test_an_expired_lease_is_nobodys(phone, here, elsewhere):
    abandoned(elsewhere, phone, limit_s=600)
    phone.pass_time(600)
    assert "ada on lab-2" in (here.sees(phone) or "")
    phone.pass_time(1)
    assert here.sees(phone) is None


@pytest.mark.parametrize("jump_s", [86_400, -86_400, 4 * 10**8])
def test_a_wall_clock_that_jumps_takes_no_living_lease(phone, here, elsewhere, jump_s):
    with elsewhere.takes(phone):
        phone.set_time(int(time.time()) + jump_s)
        phone.pass_time(500)
        with pytest.raises(LeaseHeld):
            here.takes(phone).__enter__()


def test_after_a_restart_silence_is_counted_from_there(phone, here, elsewhere):
    with elsewhere.takes(phone, limit_s=600):
        phone.restart(up_s=600)
        with pytest.raises(LeaseHeld):
            here.takes(phone).__enter__()
    phone.restart(up_s=9000)
    abandoned(elsewhere, phone, limit_s=600)
    phone.restart(up_s=601)
    with here.takes(phone):
        pass


def test_a_phone_without_an_uptime_is_judged_by_its_wall_clock(phone, here, elsewhere):
    phone.hide_uptime()
    abandoned(elsewhere, phone, limit_s=600)
    phone.pass_time(600)
    assert here.sees(phone) is not None
    phone.pass_time(1)
    assert here.sees(phone) is None


def test_what_lies_on_the_phone_tells_a_lease_that_was_taken_and_one_that_was_wiped_off(phone, here, elsewhere):
    with elsewhere.takes(phone) as taken:
        before = lease_file(phone).read_bytes()
        taken.heard(before)
        assert lease_file(phone).read_bytes() == before
        lease_file(phone).unlink()
        taken.heard(b"")
        assert "nightly" in lease_file(phone).read_text()
        lease_file(phone).unlink()
        with here.takes(phone), pytest.raises(LeaseLost, match=r"was taken by .*session mine"):
            taken.heard(lease_file(phone).read_bytes())


def test_only_the_phones_clock_decides(phone, here, elsewhere):
    phone.set_time(86_400)  # 1970, as after a start without network
    with elsewhere.takes(phone):
        phone.pass_time(500)
        with pytest.raises(LeaseHeld):
            here.takes(phone).__enter__()


def test_a_clock_that_was_set_back_holds_no_phone_for_ever(phone, here, elsewhere):
    phone.hide_uptime()
    phone.set_time(4_000_000_000)
    abandoned(elsewhere, phone)
    phone.set_time(1_800_000_000)
    with here.takes(phone):
        pass


def test_a_renewed_lease_does_not_expire(phone, here, elsewhere):
    with elsewhere.takes(phone, limit_s=600) as taken:
        phone.pass_time(550)
        elsewhere.clock.ahead_s = 550
        taken.renew()
        phone.pass_time(550)
        with pytest.raises(LeaseHeld):
            here.takes(phone).__enter__()


def test_renewing_early_does_not_ask_the_phone(phone, here):
    with here.takes(phone) as taken:
        before = lease_file(phone).stat().st_mtime_ns, lease_file(phone).read_bytes()
        taken.renew()
        assert (lease_file(phone).stat().st_mtime_ns, lease_file(phone).read_bytes()) == before


def test_a_silent_holder_learns_that_it_has_lost_the_phone_and_leaves_it_to_the_other(phone, here, elsewhere):
    with elsewhere.takes(phone) as taken:
        phone.pass_time(700)
        with here.takes(phone):
            elsewhere.clock.ahead_s = 700
            with pytest.raises(LeaseLost, match=r"was taken by .*session mine"):
                taken.renew()
            taken.give_back()
            assert "mine" in lease_file(phone).read_text()


def test_a_lease_that_was_wiped_off_the_phone_is_written_again(phone, here):
    with here.takes(phone) as taken:
        lease_file(phone).unlink()
        here.clock.ahead_s = 300
        taken.renew()
        assert "mine" in lease_file(phone).read_text()


def test_a_lease_by_a_dead_process_of_this_system_is_taken_over_at_once(phone, here, tmp_path, caplog):
    process = subprocess.Popen(["true"])
    process.wait()
    dead = dataclasses.replace(here.holder, pid=process.pid, host="a container's name")
    abandoned(Host(tmp_path / "of another user", dead), phone)
    with here.takes(phone):
        pass
    assert f"its process {process.pid} is gone" in caplog.text


def test_a_lease_by_a_living_process_of_this_system_is_respected_whatever_its_folder(phone, here, tmp_path):
    abandoned(Host(tmp_path / "of another user", here.holder), phone)
    with pytest.raises(LeaseHeld):
        here.takes(phone).__enter__()


def test_a_process_number_that_was_given_again_is_not_taken_for_the_holder(phone, here, tmp_path):
    earlier = dataclasses.replace(here.holder, started_s=(here.holder.started_s or 0) - 1000)
    abandoned(Host(tmp_path / "of another user", earlier), phone)
    with here.takes(phone):
        pass


class Said:
    """A phone that prints one text to whatever it is asked."""

    serial = "S"

    def __init__(self, text: bytes) -> None:
        self._text = text

    def run(self, *_: object, **__: object) -> CommandResult:
        return CommandResult(exit_code=0, stdout=self._text, stderr=b"", wall_s=0.1)


@pytest.mark.parametrize("seconds", [LATEST_S + 1, 10**17])
def test_a_clock_behind_the_year_3000_is_none(seconds):
    with pytest.raises(TransportError, match="no number of seconds that a clock can show"):
        PhoneLease(Said(b"%d\n" % seconds), "/data", None).look()


def test_the_latest_clock_can_be_put_into_a_lease():
    seen = PhoneLease(Said(b"%d\n" % LATEST_S), "/data", None).look()
    assert seen.now.now_s == LATEST_S
