"""One run on a device that is in memory: what it is used for, what is begun again, what each run then holds."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from loop_fakes import NOON, HandClock, SeenProgress, workload
from memory_device import BUILTIN_STDERR, PROFILE, ROOT, Ended, MemoryDevice, MemoryTaken

from mbench.core.errors import DamagedFile, DeviceLost, MissingTool, NoDevice, NoSpace, TransportError
from mbench.core.results import Conditions, Pass, Run, Status
from mbench.core.workloads import Workload
from mbench.devices.lease.lease import LeaseLost
from mbench.devices.profiles.profile import Timeouts
from mbench.workflows.devices.device import Folders
from mbench.workflows.run.one_run import DeviceBench, builtin_accepted

ONE, TWO, OLD, OLDER = "1" * 64, "2" * 64, "8" * 64, "9" * 64
LOST = DeviceLost("phone-1 was lost.")
DAMAGED = DamagedFile("phone-1: m.tflite reads back as another file.")
FULL = NoSpace("phone-1: no space left on device.")
WORK_DIR = f"{ROOT}/s"


class Phone:
    """A device with everything that a bench asks of it; `events` is what it was used for, in order."""

    def __init__(self, *, away: Sequence[TransportError | None] = (), gone: Sequence[TransportError] = ()) -> None:
        self.device, self.clock, self.progress = MemoryDevice(), HandClock(), SeenProgress()
        self.events: list[str] = []
        self._readings = 0
        self.away, self._gone = list(away), list(gone)

    def read(self) -> Conditions:
        """Read a state whose load is the number of the reading; fail as `away` has it."""
        self.events.append("read")
        if self.away and (error := self.away.pop(0)):
            raise error
        self._readings += 1
        return Conditions(taken_at=NOON, load_1m=self._readings)

    def recover(self) -> str:
        """Come back, or stay away as `gone` has it."""
        self.events.append("recover")
        if self._gone:
            raise self._gone.pop(0)
        self.device.lost = False
        return "was lost and came back within 3 s"

    def bench(
        self,
        files: Sequence[str] = (ONE, TWO),
        *,
        cpus: tuple[int, ...] | None = None,
        governor: str | None = None,
        **device,
    ) -> DeviceBench:
        """Return the bench of a phone, which is taken in the state of the first reading."""
        device = {"found": None, "come_back": self.recover} | device
        device["found"] = device["found"] or self.read()
        return DeviceBench(
            MemoryTaken(transport=self.device, read=self.read, **device),
            clock=self.clock,
            files={sha256: Path("/cache") / sha256 for sha256 in files},
            cpus=cpus,
            governor=governor,
        )


def ran(bench: DeviceBench, load: Workload | None = None, purpose: Pass = Pass.LATENCY) -> Run:
    run, _ = bench(load or workload(sha256=ONE), purpose, job="a", index=0, block=0, position=0)
    return run


def loads(run: Run) -> tuple[float | None, float | None]:
    """Return which readings a run's states are, before and after."""
    before, after = run.conditions_before, run.conditions_after
    return (before and before.load_1m, after and after.load_1m)


def messages(run: Run, code: str = "lost") -> list[str]:
    return [warning.message for warning in run.warnings if warning.code == code]


# One run


def test_a_run_has_its_place_its_numbers_and_the_names_of_its_files():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    run, files = bench(workload(sha256=ONE), Pass.LATENCY, job="a", index=4, block=3, position=17)
    assert (run.job, run.purpose, run.index, run.block, run.position) == ("a", Pass.LATENCY, 4, 3, 17)
    assert (run.status, run.measured.median_us, run.cpu_s, run.warnings) == (Status.OK, 3998, 2.5, ())
    assert run.files == ("output.bin", "stderr.txt", "stdout.txt")
    assert set(files) == set(run.files)


def test_a_run_is_of_the_pushed_file_in_a_directory_of_its_own():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    ran(bench)
    ran(bench, workload(sha256=TWO))
    graphs = [run.argv.split()[1] for run in phone.device.started]
    assert graphs == [f"--graph={ROOT}/models/{sha256}.tflite" for sha256 in (ONE, TWO)]
    assert phone.device.removed == [f"{WORK_DIR}/run"] * 2


@pytest.mark.parametrize(
    ("cpus", "threads", "pinned"), [(None, 2, None), ((7, 6, 5), 1, (7,)), ((7, 6, 5), 2, (7, 6)), ((7,), 2, (7,))]
)
def test_a_run_is_pinned_to_as_many_cores_as_it_has_threads_the_best_first(cpus, threads, pinned):
    phone = Phone()
    bench = phone.bench(cpus=cpus)
    bench.push(phone.progress)
    assert ran(bench, workload(sha256=ONE, threads=threads)).status is Status.OK
    assert phone.device.started[0].cpus == pinned


def test_a_run_may_start_as_long_as_the_profile_says():
    deadlines = []
    for start_s in (None, 300.0):
        phone = Phone()
        bench = phone.bench(profile=PROFILE.model_copy(update={"patience": Timeouts(start_s=start_s)}))
        bench.push(phone.progress)
        ran(bench)
        deadlines.append(phone.device.started[0].deadline_s)
    assert deadlines[1] - deadlines[0] == 300 - 60


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("mobilenet_v1_0.25_32_fp32", False),
        ("mobilenet_v1_0.25_32_int8", False),
        ("mobilenet_v1_0.25_32_int8w4", False),
        ("mobilenet_v1_0.25_32_int16x8", True),
        ("file:mine@0123456789ab", True),
    ],
)
def test_a_cpu_row_without_xnnpack_is_right_for_int16x8_and_a_users_own_file_alone(name, accepted):
    load = workload(name=name, sha256=ONE)
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [Ended(stderr=BUILTIN_STDERR)]
    assert builtin_accepted(load.artifact) == accepted
    assert (ran(bench, load).error_class is None) == accepted


def test_a_bench_takes_its_settings_and_its_runs_numbers_by_name_alone():
    phone = Phone()
    bench = phone.bench()
    with pytest.raises(TypeError, match="positional"):
        DeviceBench(bench, phone.clock, {}, None)
    with pytest.raises(TypeError, match="positional"):
        bench(workload(sha256=ONE), Pass.LATENCY, "a", 0, 0, 0)


# States before and after


def test_the_state_after_a_run_is_the_one_before_the_next():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    assert [loads(ran(bench)) for _ in range(3)] == [(1, 2), (2, 3), (3, 4)]


def test_a_state_that_was_found_when_the_device_was_made_ready_is_not_read_again():
    phone = Phone()
    bench = phone.bench(found=Conditions(taken_at=NOON, load_1m=50))
    bench.push(phone.progress)
    assert loads(ran(bench)) == (50, 1)
    assert phone.events == ["read"]


def test_the_state_after_a_run_is_read_for_that_run_where_a_device_can():
    seen: list[Run] = []

    def read_after(run: Run) -> Conditions:
        seen.append(run)
        return Conditions(taken_at=NOON, load_1m=70 + len(seen))

    phone = Phone()
    bench = phone.bench(read_after=read_after)
    bench.push(phone.progress)
    assert [loads(ran(bench)) for _ in range(2)] == [(1, 71), (71, 72)]
    assert [run.cpu_s for run in seen] == [2.5, 2.5]
    assert phone.events == ["read"]


def test_a_device_is_waited_for_before_each_run_by_the_state_that_is_known():
    waited: list[float | None] = []

    def ready(state: Conditions) -> Conditions:
        waited.append(state.load_1m)
        return state.model_copy(update={"load_1m": 100 + len(waited)})

    phone = Phone()
    bench = phone.bench(ready=ready)
    bench.push(phone.progress)
    assert [loads(ran(bench)) for _ in range(2)] == [(101, 2), (102, 3)]
    assert waited == [1, 2]


def test_a_device_that_came_back_is_waited_for_before_the_run_is_begun_again_by_its_new_state():
    waited: list[float | None] = []

    def ready(state: Conditions) -> Conditions:
        waited.append(state.load_1m)
        return state

    phone = Phone()
    bench = phone.bench(ready=ready)
    bench.push(phone.progress)
    phone.device.runs = [LOST]
    assert loads(ran(bench)) == (2, 3)
    assert waited == [1, 2]


def test_a_device_that_does_not_become_fit_ends_the_part_without_a_run():
    def ready(state: Conditions) -> Conditions:
        raise NoDevice("phone-1 is not ready to be measured: thermal status 3, above 0, still after 600 s.")

    phone = Phone()
    bench = phone.bench(ready=ready)
    with pytest.raises(NoDevice, match="thermal status 3"):
        ran(bench)
    assert phone.device.started == []


@pytest.mark.parametrize("reasons", [(), ("thermal status 1, above 0", "hottest zone at 45.5 °C, above 45 °C")])
def test_a_device_that_left_its_limits_during_a_run_is_doubted_reason_by_reason(reasons):
    seen: list[float | None] = []

    def unfit(after: Conditions) -> tuple[str, ...]:
        seen.append(after.load_1m)
        return reasons

    phone = Phone()
    bench = phone.bench(reasons=unfit)
    bench.push(phone.progress)
    wanted = [f"after a run the device was not fit for measuring: {reason}" for reason in reasons]
    assert messages(ran(bench), "conditions") == wanted
    assert seen == [2]


# A run that is lost


def test_a_run_that_was_lost_is_begun_again_when_the_device_is_back_and_warns_of_it():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [LOST]
    first, second = ran(bench), ran(bench)
    assert (first.status, len(phone.device.started)) == (Status.OK, 3)
    assert messages(first) == [
        "phone-1 was lost. The device was lost and came back within 3 s; the run at hand was begun again"
    ]
    assert first.warnings[0].advice == "check the cable"
    assert messages(second) == []
    assert (loads(first), loads(second)) == ((2, 3), (3, 4))


def test_a_lost_device_has_its_model_again_before_the_run_is_begun_again():
    phone = Phone()

    def recover_empty() -> str:
        del phone.device.hashes[f"{ROOT}/models/{TWO}.tflite"]
        return phone.recover()

    bench = phone.bench(come_back=recover_empty)
    bench.push(phone.progress)
    phone.device.runs = [LOST]
    assert ran(bench, workload(sha256=TWO)).status is Status.OK
    assert phone.device.sent == [ONE, TWO, TWO]


@pytest.mark.parametrize(("losses", "status"), [(3, Status.OK), (4, Status.FAILED)])
def test_a_run_is_begun_again_three_times_and_no_more(losses, status):
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [LOST] * losses
    phone.away = [None] * 3 + [LOST] * (losses == 4)
    run = ran(bench)
    assert (run.status, len(phone.device.started), len(messages(run))) == (status, 4, 3)
    assert phone.events.count("recover") == 3


def test_a_run_that_is_lost_for_good_has_the_transports_words_and_no_state_after_it():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [LOST] * 4
    phone.away = [None] * 3 + [LOST]
    run = ran(bench)
    assert (run.error_class, run.message) == ("transport", "phone-1 was lost.")
    assert run.conditions_after is None
    assert run.conditions_before is not None


def test_a_device_that_stays_away_ends_the_part():
    phone = Phone(gone=[LOST])
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [LOST]
    with pytest.raises(DeviceLost):
        ran(bench)


def test_a_run_is_not_begun_again_where_a_device_cannot_be_lost():
    phone = Phone()
    bench = phone.bench(retries=0)
    bench.push(phone.progress)
    phone.device.runs = [TransportError("here: the shell did not start.")]
    run = ran(bench)
    assert (run.error_class, len(phone.device.started)) == ("transport", 1)


@pytest.mark.parametrize("exit_code", [137, 143])
def test_a_killed_run_is_tried_once_more_and_tells_of_it(exit_code):
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [Ended(exit_code=exit_code)]
    run = ran(bench)
    (warning,) = [one for one in run.warnings if one.code == "retried"]
    assert (run.status, len(phone.device.started)) == (Status.OK, 2)
    assert warning.message.startswith("it was tried once more: at first ")
    assert {name for name in run.files if name.startswith("first-")} == {"first-stdout.txt", "first-stderr.txt"}
    assert phone.clock.seconds == 3.0


def test_a_run_that_is_killed_twice_is_not_tried_again():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [Ended(exit_code=137)] * 2
    run = ran(bench)
    assert (run.status, run.error_class, len(phone.device.started)) == (Status.FAILED, "killed", 2)
    assert "This was the second try; it was tried once more: at first " in run.message
    assert "retried" not in {one.code for one in run.warnings}


def test_a_device_that_is_lost_before_the_second_try_is_waited_for_and_the_run_warns_of_it():
    phone = Phone(away=[None, LOST])
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [Ended(exit_code=137)]
    run = ran(bench)
    assert (run.status, len(phone.device.started), phone.events.count("recover")) == (Status.OK, 2, 1)
    (warning,) = messages(run)
    assert warning.startswith("phone-1 was lost. Before the second try, the device was lost and came back within 3 s; ")
    assert [one.code for one in run.warnings if one.code != "lost"] == ["retried"]
    assert loads(run) == (2, 3)


@pytest.mark.parametrize("error", [FULL, DAMAGED, MissingTool("phone-1: the device has no sha256sum.")])
def test_a_run_that_cannot_be_tried_once_more_is_kept_and_the_next_one_goes_on(error):
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.hashes[f"{ROOT}/models/{ONE}.tflite"] = "0" * 64
    phone.device.pushes = [error] * 4
    run = ran(bench)
    assert (run.status, run.error_class, phone.device.started) == (Status.FAILED, "environment", [])
    assert run.message.endswith(f"It could not be tried once more: {error}")
    assert (run.conditions_before is None, run.conditions_after is None) == (False, False)
    assert ran(bench, workload(sha256=TWO)).status is Status.OK


def test_a_killed_run_after_which_the_state_cannot_be_read_is_kept_with_its_files():
    phone = Phone(away=[None, TransportError("phone-1: no answer.")])
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [Ended(exit_code=137)]
    run = ran(bench)
    assert (run.status, run.error_class, len(phone.device.started)) == (Status.FAILED, "killed", 1)
    assert run.message.endswith("It could not be tried once more: phone-1: no answer.")
    assert {"stdout.txt", "stderr.txt"} <= set(run.files)


@pytest.mark.parametrize("error", [LOST, LeaseLost("phone-1: host-2 has it now.")])
def test_a_phone_that_is_lost_for_good_before_the_second_try_ends_the_part(error):
    phone = Phone(away=[None, error], gone=[LOST])
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [Ended(exit_code=137)]
    with pytest.raises(type(error)):
        ran(bench)
    assert len(phone.device.started) == 1


def back_without(phone: Phone, sha256: str) -> Callable[[], str]:
    """Return how a phone comes back without a model, for which it has no space any more."""

    def come_back() -> str:
        del phone.device.hashes[f"{ROOT}/models/{sha256}.tflite"]
        phone.device.pushes = [FULL]
        return phone.recover()

    return come_back


def test_a_lost_run_whose_file_cannot_be_brought_again_is_kept_and_the_next_one_goes_on():
    phone = Phone()
    bench = phone.bench(come_back=back_without(phone, ONE))
    bench.push(phone.progress)
    phone.device.runs = [LOST]
    run = ran(bench)
    assert (run.status, run.error_class, len(phone.device.started)) == (Status.FAILED, "transport", 1)
    assert run.message == f"{LOST} It could not be begun again: {FULL}"
    assert messages(run) == ["phone-1 was lost. The device was lost and came back within 3 s"]
    assert ran(bench, workload(sha256=TWO)).status is Status.OK


def test_a_second_try_that_is_lost_and_cannot_be_begun_again_says_why_the_first_one_failed():
    phone = Phone()
    bench = phone.bench(come_back=back_without(phone, ONE))
    bench.push(phone.progress)
    phone.device.runs = [Ended(exit_code=137), LOST]
    run, files = bench(workload(sha256=ONE), Pass.LATENCY, job="a", index=0, block=0, position=0)
    assert run.message.startswith(f"{LOST} It could not be begun again: {FULL} This was the second try; ")
    assert "at first " in run.message
    assert {"first-stdout.txt", "first-stderr.txt"} <= set(files)


def test_a_good_run_after_which_the_device_came_back_without_its_file_is_kept():
    phone = Phone(away=[None, LOST])
    bench = phone.bench(come_back=back_without(phone, ONE))
    bench.push(phone.progress)
    run = ran(bench)
    assert (run.status, run.measured.median_us, run.conditions_after) == (Status.OK, 3998, None)
    assert messages(run) == ["phone-1 was lost. After a run, the device was lost and came back within 3 s"]
    assert ran(bench, workload(sha256=TWO)).status is Status.OK


def test_a_phone_that_does_not_let_this_host_in_any_more_before_the_second_try_ends_the_part():
    phone = Phone(gone=[TransportError("phone-1: came back, but does not let this host in any more.")])
    bench = phone.bench()
    bench.push(phone.progress)
    del phone.device.hashes[f"{ROOT}/models/{ONE}.tflite"]
    phone.device.pushes = [LOST]
    with pytest.raises(TransportError, match="does not let this host in"):
        ran(bench)
    assert phone.device.started == []


@pytest.mark.parametrize(("exit_code", "error_class"), [(139, "crash:SIGSEGV"), (1, "invoke")])
def test_what_the_program_did_itself_is_never_tried_twice(exit_code, error_class):
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [Ended(exit_code=exit_code)]
    run = ran(bench)
    assert (run.status, run.error_class) == (Status.FAILED, error_class)
    assert (len(phone.device.started), phone.events.count("recover")) == (1, 0)


@pytest.mark.parametrize(
    ("ending", "stays", "said"),
    [
        (MissingTool("phone-1: the device has no taskset."), False, "phone-1: the device has no taskset."),
        (Ended(leftover=b"4711 stays\n"), False, "process 4711 of the run is still there and does not die; restart"),
        (TransportError("phone-1: no answer."), True, "process 4711 could not be ended after a run that did not end; "),
    ],
)
def test_what_does_not_pass_by_waiting_is_not_tried_once_more(ending, stays, said):
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs, phone.device.stays = [ending], stays
    run = ran(bench)
    assert (run.status, run.error_class, len(phone.device.started)) == (Status.FAILED, "environment", 1)
    assert run.message.startswith(said)
    assert "second try" not in run.message
    assert phone.clock.seconds == 0


@pytest.mark.parametrize("ending", [FULL, Ended(leftover=b"4711\n")])
def test_what_may_pass_by_waiting_is_tried_once_more(ending):
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [ending]
    run = ran(bench)
    assert (run.status, len(phone.device.started), len(messages(run, "retried"))) == (Status.OK, 2, 1)


def test_a_model_that_was_changed_on_the_device_is_not_measured_and_is_brought_again():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.hashes[f"{ROOT}/models/{ONE}.tflite"] = "0" * 64
    run = ran(bench)
    assert (run.status, len(phone.device.started)) == (Status.OK, 1)
    assert [one.code for one in run.warnings] == ["retried"]


# A device that is lost when its state is read


def test_a_device_that_is_lost_after_a_run_is_waited_for_and_the_run_warns_of_it():
    phone = Phone(away=[None, LOST])
    bench = phone.bench()
    bench.push(phone.progress)
    first, second = ran(bench), ran(bench)
    assert (first.status, len(phone.device.started)) == (Status.OK, 2)
    assert messages(first) == [
        "phone-1 was lost. After a run, the device was lost and came back within 3 s; that run had ended"
    ]
    assert (loads(first), loads(second), messages(second)) == ((1, 2), (2, 3), [])


def test_a_host_whose_state_cannot_be_read_has_none_after_the_run_and_goes_on_with_the_last():
    phone = Phone(away=[None, TransportError("here: no answer.")])
    bench = phone.bench(retries=0)
    bench.push(phone.progress)
    assert (loads(ran(bench)), loads(ran(bench))) == ((1, None), (1, 2))


def test_a_host_that_is_not_known_after_a_run_is_not_doubted():
    phone = Phone(away=[None, TransportError("here: no answer.")])
    bench = phone.bench(retries=0, reasons=lambda after: ("hot",))
    bench.push(phone.progress)
    run = ran(bench)
    assert (run.conditions_after, messages(run, "conditions")) == (None, [])


# Pushing


def test_every_file_is_pushed_once_by_its_content():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    bench.push(phone.progress)
    assert phone.device.sent == [ONE, TWO]
    assert phone.device.models == [f"{ONE}.tflite", f"{TWO}.tflite"]


def test_models_lie_where_the_device_has_them():
    assert Phone().bench().model_path(ONE) == f"{ROOT}/models/{ONE}.tflite"
    folders = Folders(models=f"{WORK_DIR}/models", work_dir=WORK_DIR)
    assert Phone().bench(folders=folders).model_path(ONE) == f"{WORK_DIR}/models/{ONE}.tflite"


def test_pushes_that_the_device_announces_are_shown():
    phone = Phone()
    phone.bench().push(phone.progress)
    assert phone.progress.stages == [("pushing", None)]
    assert phone.progress.notes == ["pushed 4.0 MB, verified by SHA-256"]
    assert phone.progress.finished == 1


@pytest.mark.parametrize("losses", [0, 1])
def test_the_speed_is_that_of_all_pushes_without_waiting_for_a_lost_device(losses):
    phone = Phone()

    def recover_late() -> str:
        phone.clock.sleep(100)
        return phone.recover()

    bench = phone.bench(come_back=recover_late)
    phone.device.pushing = lambda: phone.clock.sleep(1)
    phone.device.pushes = [LOST] * losses
    bench.push(phone.progress)
    assert phone.progress.notes == [f"pushed {4 + 2 * losses}.0 MB at 2.0 MB/s, verified by SHA-256"]


@pytest.mark.parametrize(
    ("error", "said", "recovered"),
    [
        (LOST, f"{LOST} The device was lost and came back within 3 s; the push was begun again", 1),
        (DAMAGED, f"{DAMAGED} It was pushed again", 0),
    ],
)
def test_a_push_that_broke_off_is_begun_again_and_the_next_run_warns_of_it(error, said, recovered):
    phone = Phone()
    bench = phone.bench()
    phone.device.pushes = [None, error]
    bench.push(phone.progress)
    assert phone.device.sent == [ONE, TWO]
    first, second = ran(bench), ran(bench)
    assert messages(first) == [said]
    assert messages(second) == []
    assert phone.events.count("recover") == recovered


@pytest.mark.parametrize("losses", [3, 4])
def test_a_push_is_begun_again_three_times_and_no_more(losses):
    phone = Phone()
    bench = phone.bench()
    phone.device.pushes = [LOST] * losses
    if losses == 4:
        with pytest.raises(DeviceLost):
            bench.push(phone.progress)
        assert phone.device.sent == []
    else:
        bench.push(phone.progress)
        assert phone.device.sent == [ONE, TWO]
    assert phone.events.count("recover") == 3


@pytest.mark.parametrize("error", [LOST, DAMAGED])
def test_a_host_whose_copy_fails_ends_at_once(error):
    phone = Phone()
    bench = phone.bench(retries=0)
    phone.device.pushes = [error]
    with pytest.raises(type(error)):
        bench.push(phone.progress)


def test_another_trouble_of_the_way_is_not_tried_again():
    phone = Phone()
    bench = phone.bench()
    phone.device.pushes = [TransportError("phone-1: permission denied.")]
    with pytest.raises(TransportError, match="permission denied"):
        bench.push(phone.progress)
    assert phone.events == ["read"]


# The governor that was set, and cores that are pinned to


def governed(governor, *states, **run):
    """Return a run of a device whose states, the first before it, have these governors."""
    found, *later = [Conditions(taken_at=NOON, governors=state) for state in states]
    phone = Phone()
    bench = phone.bench(governor=governor, found=found, read_after=lambda _: later.pop(0))
    bench.push(phone.progress)
    phone.device.runs = [Ended(**run)]
    return ran(bench)


SET, OTHER = ("performance",), ("performance", "schedutil")


@pytest.mark.parametrize(("before", "after"), [(SET, OTHER), (OTHER, SET), (None, ("schedutil",)), (OTHER, OTHER)])
def test_a_run_during_which_somebody_changed_the_governor_that_was_set_has_failed(before, after):
    run = governed("performance", before, after)
    assert (run.status, run.error_class) == (Status.FAILED, "environment")
    assert "governor, performance as asked, to schedutil" in run.message
    assert (run.conditions_before.governors, run.conditions_after.governors) == (before, after)


@pytest.mark.parametrize(
    ("governor", "before", "after"),
    [("performance", SET, SET), ("performance", None, None), (None, SET, OTHER), (None, OTHER, ("powersave",))],
)
def test_a_governor_that_stayed_or_that_nobody_set_fails_no_run(governor, before, after):
    assert governed(governor, before, after).status is Status.OK


def test_a_run_that_failed_by_itself_keeps_its_own_reason():
    run = governed("performance", SET, OTHER, exit_code=1)
    assert (run.status, run.error_class != "environment") == (Status.FAILED, True)


@pytest.mark.parametrize(("cpus", "asked"), [(None, None), ((7, 6), (7,))])
def test_a_device_is_made_ready_for_the_cores_of_the_run(cpus, asked):
    taken = MemoryTaken(transport=MemoryDevice())
    bench = DeviceBench(taken, clock=HandClock(), files={ONE: Path("/cache") / ONE}, cpus=cpus)
    bench.push(SeenProgress())
    ran(bench)
    assert taken.asked_cpus == [asked]


def test_a_canary_hangs_after_ten_times_what_one_took_and_others_after_their_own_time():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    ran(bench, purpose=Pass.CANARY)
    ran(bench, purpose=Pass.CANARY)
    ran(bench, purpose=Pass.LATENCY)
    first, second, other = (started.deadline_s for started in phone.device.started)
    assert first == other > second
    bench._usual_s["a", Pass.CANARY] = 4.0
    ran(bench, purpose=Pass.CANARY)
    bench._usual_s["a", Pass.CANARY] = 1.5
    ran(bench, purpose=Pass.CANARY)
    slow, quick = (started.deadline_s for started in phone.device.started[3:])
    assert slow - quick == 40 - 15
    assert quick == second


def test_a_canary_that_failed_says_nothing_of_how_long_one_takes():
    phone = Phone()
    bench = phone.bench()
    bench.push(phone.progress)
    phone.device.runs = [Ended(exit_code=1)]
    ran(bench, purpose=Pass.CANARY)
    ran(bench, purpose=Pass.CANARY)
    assert phone.device.started[0].deadline_s == phone.device.started[1].deadline_s
