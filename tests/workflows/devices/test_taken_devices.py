"""A phone and a host once they are taken: each does its part of what every taken device promises."""

from pathlib import Path

import pytest
from loop_fakes import NOON, HandClock, SeenProgress, run_of
from memory_device import IDENTITY, PROFILE, ROOT, MemoryDevice

from mbench.core.errors import DeviceLost, NoDevice, NoSpace, UsageError
from mbench.core.results import Conditions, Pass, Run
from mbench.devices.android.settings import Borrowed, Wanted
from mbench.devices.lease.lease import LeaseLost
from mbench.devices.limits import Limits
from mbench.devices.profiles.profile import load_profile
from mbench.workflows.devices.benchmark_program import Program, ProgramWish
from mbench.workflows.devices.device import Folders, TakenDevice
from mbench.workflows.devices.host_device import HostDevice, TakenHost
from mbench.workflows.devices.phone_device import PhoneState, TakenPhone

ONE, TWO, OLD, OLDER = "1" * 64, "2" * 64, "8" * 64, "9" * 64
FULL = NoSpace("phone-1: no space left on device.")
LIMITS = Limits(thermal_status_max=0, busy_share=0.1, temperature_c=45)
FIT = Conditions(taken_at=NOON, thermal_status=0, temperature_c=45, busy_share=0.05)


PROGRAM = Program(instrument=IDENTITY.instrument, facts=IDENTITY.binary)


class Reader:
    """Reads states that a test has written down; the last one stays."""

    read_along = "the lease"

    def __init__(self, *states: Conditions) -> None:
        self.states, self.asked = list(states or (FIT,)), []

    def read(self, *, own_cpu_s: float | None = None, wait: bool = True) -> Conditions:
        self.asked.append((own_cpu_s, wait))
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


class Lease:
    """A lease that counts how often it was renewed, and hears what lies on the phone."""

    def __init__(self) -> None:
        self.renewed, self.lies, self.taken = 0, [], False

    def renew(self) -> None:
        self.renewed += 1

    def heard(self, data: bytes) -> None:
        self.lies.append(data)
        if self.taken:
            raise LeaseLost("phone-1: its lease was taken by ada.")


class WayBack:
    """A way back that is there at once."""

    def wait(self) -> str:
        return "was lost and came back within 3 s"


class Lab:
    """A taken phone or host over a device in memory."""

    def __init__(self, *states: Conditions) -> None:
        self.device, self.reader, self.lease = MemoryDevice(), Reader(*states), Lease()
        self.clock, self.progress, self.sent = HandClock(), SeenProgress(), []
        self.again, self.left = [], 0

    def leave(self) -> None:
        self.left += 1

    def repeat(self, step):
        """Repeat a step once."""
        self.again.append(step)
        try:
            return step()
        except DeviceLost:
            return step()

    def phone(self) -> TakenDevice:
        state = PhoneState(
            serial="phone-1",
            lease=self.lease,
            reader=self.reader,
            limits=LIMITS,
            timeout_s=60,
            clock=self.clock,
            progress=self.progress,
            again=self.repeat,
            leave=self.leave,
        )
        return TakenPhone(
            transport=self.device,
            program=PROGRAM,
            identity=IDENTITY,
            profile=PROFILE,
            folders=Folders(models=f"{ROOT}/models", work_dir=f"{ROOT}/s"),
            found=FIT,
            state=state,
            way_back=WayBack(),
            settings=Borrowed(changed=(), refused=()),
            patient=self.device,
        )

    def host(self) -> TakenDevice:
        return TakenHost(
            transport=self.device,
            program=PROGRAM,
            identity=IDENTITY,
            profile=PROFILE,
            folders=Folders(models=f"{ROOT}/models", work_dir=f"{ROOT}/s"),
            reader=self.reader,
            found=FIT,
        )

    def push(self, device: TakenDevice, *hashes: str) -> None:
        for sha256 in hashes:
            device.push(Path("/cache") / sha256, sha256=sha256, needed=frozenset(hashes), sent=self.sent.append)


def test_a_phone_that_somebody_has_taken_is_noticed_by_the_next_reading_and_left_alone():
    lab = Lab()
    phone = lab.phone()
    phone.conditions()
    assert (lab.lease.lies, lab.left) == ([b"the lease"], 0)
    lab.lease.taken = True
    for read in (phone.conditions, lambda: phone.conditions_after(run_of("job"))):
        with pytest.raises(LeaseLost):
            read()
    assert lab.left == 2


def test_a_reading_between_runs_is_repeated_and_one_after_a_run_tells_of_the_loss():
    lab = Lab()
    phone, lost = lab.phone(), [DeviceLost("phone-1: gone.")]
    lab.lease.renew = lambda: (_ for _ in ()).throw(lost.pop()) if lost else None
    assert phone.conditions() == FIT
    lost.append(DeviceLost("phone-1: gone."))
    with pytest.raises(DeviceLost):
        phone.conditions_after(run_of("job"))


def test_a_phones_pushes_are_announced_and_a_hosts_copies_are_not():
    for device, sent in (((phone := Lab()).phone(), [0, 2_000_000]), ((host := Lab()).host(), [])):
        lab = phone if sent else host
        lab.push(device, ONE)
        assert (lab.device.sent, lab.sent) == ([ONE], sent)


def test_old_models_make_room_the_oldest_first_and_none_that_is_needed():
    lab = Lab()
    for sha256 in (ONE, OLDER, OLD):
        lab.device.hashes[f"{ROOT}/models/{sha256}.tflite"] = sha256
    lab.device.pushes = [FULL]
    lab.push(lab.phone(), ONE, TWO)
    assert lab.device.removed == [f"{ROOT}/models/{OLDER}.tflite"]
    lab.device.hashes.pop(f"{ROOT}/models/{TWO}.tflite")
    lab.device.pushes = [FULL]
    lab.push(lab.phone(), ONE, TWO)
    assert lab.device.models == [f"{ONE}.tflite", f"{TWO}.tflite"]


def test_where_nothing_old_is_left_the_phone_stays_full():
    lab = Lab()
    for sha256 in (ONE, OLD):
        lab.device.hashes[f"{ROOT}/models/{sha256}.tflite"] = sha256
    lab.device.pushes = [FULL, FULL]
    with pytest.raises(NoSpace):
        lab.push(lab.phone(), ONE, TWO)
    assert lab.device.models == [f"{ONE}.tflite"]


def test_on_a_host_nothing_is_evicted():
    lab = Lab()
    lab.device.hashes[f"{ROOT}/models/{OLD}.tflite"] = OLD
    lab.device.pushes = [FULL]
    with pytest.raises(NoSpace):
        lab.push(lab.host(), ONE)
    assert lab.device.removed == []


HOT = FIT.model_copy(update={"thermal_status": 1, "temperature_c": 45.5})
HOT_REASONS = ("thermal status 1, above 0", "hottest zone at 45.5 °C, above 45 °C")
BUSY = FIT.model_copy(update={"busy_share": 0.9})  # others' load after a run is doubted by itself


@pytest.mark.parametrize(
    ("state", "reasons"), [(FIT, ()), (HOT, HOT_REASONS), (BUSY, ()), (Conditions(taken_at=NOON), ())]
)
def test_a_phone_says_which_limits_it_has_left_and_a_host_has_none(state, reasons):
    assert Lab().phone().unfit(state) == reasons
    assert Lab().host().unfit(state) == ()


@pytest.mark.parametrize("state", [FIT, BUSY])
def test_a_phone_that_is_fit_is_not_read_again(state):
    lab = Lab()
    assert lab.phone().make_ready(state, cpus=None) is state
    assert lab.reader.asked == []


def test_a_hot_phone_is_waited_for_and_a_busy_one_is_not():
    lab = Lab(HOT, BUSY)
    assert lab.phone().make_ready(HOT, cpus=None) == BUSY
    assert (lab.clock.seconds, lab.lease.renewed) == (5, 2)


def test_a_phone_that_stays_hot_cannot_be_measured():
    lab = Lab(HOT)
    with pytest.raises(NoDevice, match=r"phone-1 is not ready to be measured: thermal status 1, above 0, still after"):
        lab.phone().make_ready(HOT, cpus=None)
    assert lab.clock.seconds == 60


def test_a_host_is_never_waited_for():
    lab = Lab()
    assert lab.host().make_ready(HOT, cpus=None) is HOT
    assert lab.reader.asked == []


@pytest.mark.parametrize(("purpose", "waits"), [(Pass.LATENCY, True), (Pass.CANARY, False), (Pass.MEMORY, False)])
def test_a_phones_state_after_a_run_leaves_the_runs_own_load_out_and_renews_the_lease(purpose, waits):
    lab = Lab()
    run: Run = run_of("a", purpose=purpose, cpu_s=2.5)
    assert lab.phone().conditions_after(run) == FIT
    assert (lab.reader.asked, lab.lease.renewed) == ([(2.5, waits)], 1)


def test_a_phone_that_was_lost_comes_back_and_a_host_cannot_be_lost():
    phone, host = Lab().phone(), Lab().host()
    assert (phone.retries, phone.recover()) == (3, "was lost and came back within 3 s")
    assert host.retries == 0
    with pytest.raises(DeviceLost, match="phone-1 is this host, which cannot be lost"):
        host.recover()


@pytest.fixture
def own_program(tmp_path, monkeypatch):
    """Return a program that counts how often it is asked for its flags."""
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    program = tmp_path / "benchmark_model"
    flags = 'echo "--graph= string"\necho "--input_layer_value_files= string"'
    program.write_text(f'#!/bin/sh\necho asked >>"{tmp_path}/asked"\n{flags}\n')
    return program


def test_a_host_is_identified_once_and_its_program_is_pushed_again_where_it_was_removed_meanwhile(own_program):
    device = HostDevice(load_profile("host"), ProgramWish(binary=own_program))
    planned = device.identify(wanted=Wanted(), progress=SeenProgress())
    assert planned.instrument.path is not None
    Path(planned.instrument.path).unlink()
    with device.take("s", wanted=Wanted(), progress=SeenProgress()) as taken:
        assert taken.identity is planned
        assert Path(planned.instrument.path).read_bytes() == own_program.read_bytes()
    assert own_program.with_name("asked").read_text() == "asked\n"


@pytest.mark.parametrize(
    ("wanted", "option"),
    [(Wanted(fixed_performance=True), "--fixed-performance"), (Wanted(governor="x"), "--governor")],
)
def test_a_host_has_no_settings_of_a_phone(wanted, option):
    device = HostDevice(load_profile("host"), ProgramWish())
    with pytest.raises(UsageError, match=f"{option} is for phones"):
        device.identify(wanted=wanted, progress=SeenProgress())


CAPPED = FIT.model_copy(update={"frequency_max_khz": (1000, 2000), "frequency_hardware_khz": (2000, 2000)})
FREE = FIT.model_copy(update={"frequency_max_khz": (2000, 2000), "frequency_hardware_khz": (2000, 2000)})


def test_a_phone_whose_clocks_are_capped_is_waited_for_once_in_a_session():
    lab = Lab(CAPPED)
    phone = lab.phone()
    assert phone.make_ready(CAPPED, cpus=(0,)) == CAPPED
    assert (lab.clock.seconds, len(lab.progress.stages)) == (60, 1)
    assert phone.make_ready(CAPPED, cpus=(0,)) is CAPPED
    assert (lab.clock.seconds, len(lab.progress.stages)) == (60, 1)


def test_the_wait_for_clocks_ends_when_they_are_free_and_is_no_longer_than_any_other():
    lab = Lab(FREE)
    assert lab.phone().make_ready(CAPPED, cpus=(0,)) == FREE
    assert lab.clock.seconds == 5
    patient, hasty = Lab(CAPPED), Lab(CAPPED)
    for each, timeout_s, waited_s in ((patient, 600, 60), (hasty, 7, 7)):
        phone = each.phone()
        phone.state.timeout_s = timeout_s
        phone.make_ready(CAPPED, cpus=None)
        assert each.clock.seconds == waited_s


def test_clocks_of_other_cores_and_those_that_were_capped_as_asked_are_not_waited_for():
    lab = Lab(CAPPED)
    phone = lab.phone()
    assert phone.make_ready(CAPPED, cpus=(1,)) is CAPPED
    phone.state.await_clocks = False
    assert phone.make_ready(CAPPED, cpus=(0,)) is CAPPED
    assert lab.host().make_ready(CAPPED, cpus=(0,)) is CAPPED
    assert lab.clock.seconds == 0


def test_a_phone_that_becomes_hot_while_its_clocks_are_waited_for_is_waited_for_again():
    lab = Lab(HOT.model_copy(update={"frequency_max_khz": (2000,), "frequency_hardware_khz": (2000,)}), FREE)
    assert lab.phone().make_ready(CAPPED, cpus=(0,)) == FREE
