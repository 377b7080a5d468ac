"""Examples answered on emulated phones, behind a real adb server: nothing is lost, scored twice, or left behind."""

import threading
import time

import numpy as np
import pytest
from accuracy_lab import Bench
from answering import classifier, host_answers, inputs

from mbench.core.errors import NoSpace, RunFailed, TransportError
from mbench.emulator.phone.faults import Fault, FaultKind

MODEL = classifier()
HASH_BYTES = 32
"""Of the outputs of a phone whose latencies are invented: a hash of the model."""

SPARE_BYTES = 8 << 20
"""That a push leaves free."""


def test_a_cable_pulled_in_a_loop_costs_no_answer_and_none_is_given_twice(bench) -> None:
    here, stored = bench(), inputs(3)
    here.phone.arm(Fault(kind=FaultKind.DROP, run=2, seconds=0.0))
    answers = here.ask(stored)
    assert answers.failed == {}
    assert np.array_equal(answers.outputs[0], host_answers(MODEL, stored))
    assert len(answers.losses) == 1
    assert "scoring goes on after" in answers.losses[0]
    assert here.notes.steps == len(stored)
    assert here.phone.benchmarks <= len(stored) + 1  # the one that was cut off
    assert here.left() == []


def test_examples_on_which_the_program_crashes_are_counted_and_named(bench) -> None:
    here = bench(invented=True)
    for run, kind in {2: FaultKind.ABORT, 3: FaultKind.SEGFAULT, 5: FaultKind.SILENCE}.items():
        here.phone.arm(Fault(kind=kind, run=run))
    answers = here.ask(inputs(6), outputs=HASH_BYTES, cpus=(4, 5))
    assert answers.failed == {
        1: "ended with status 134 (SIGABRT)",
        2: "ended with status 139 (SIGSEGV)",
        4: "left outputs of 0 bytes, not those of the model",
    }
    well = answers.outputs[0][[0, 3, 5]]
    assert well.any()
    assert (well == well[0]).all()
    assert here.left() == []


def test_outputs_of_another_size_are_no_answers(bench) -> None:
    here = bench(invented=True)
    with pytest.raises(RunFailed, match="left outputs of 32 bytes, not those of the model"):
        here.ask(inputs(12), outputs=HASH_BYTES - 1)
    assert here.left() == []


def test_a_phone_with_little_room_gets_smaller_shards(bench) -> None:
    here, stored = bench(invented=True), inputs(8)
    here.phone.arm(Fault(kind=FaultKind.FULL, size_bytes=SPARE_BYTES + 1024))  # room for five examples
    answers = here.ask(stored, outputs=HASH_BYTES)
    assert answers.failed == {}
    looked_at = sorted(path.name for path in here.kept(HASH_BYTES).folder.glob("example-*"))
    assert looked_at == ["example-0", "example-4"]


def test_a_phone_without_room_for_one_example_says_so(bench) -> None:
    here = bench(invented=True)
    here.phone.arm(Fault(kind=FaultKind.FULL, size_bytes=SPARE_BYTES))
    with pytest.raises(NoSpace, match=r"free on the device.*answers to 0 of 4 examples are kept"):
        here.ask(inputs(4), outputs=HASH_BYTES)


def test_a_phone_that_stays_away_leaves_what_was_fetched_and_it_is_gone_on_with(bench) -> None:
    here, stored = bench(invented=True), inputs(15)
    here.limit_s = 1.0
    here.phone.arm(Fault(kind=FaultKind.MUTE, run=13))
    with pytest.raises(TransportError, match=r"did not come back .* The answers to 11 of 15 examples are kept in"):
        here.ask(stored, outputs=HASH_BYTES)
    here.limit_s = 20.0
    here.phone.arm(Fault(kind=FaultKind.UNMUTE))
    here.recover()
    before = here.phone.benchmarks
    assert here.ask(stored, outputs=HASH_BYTES).failed == {}
    assert here.phone.benchmarks - before == 4


def test_a_phone_that_restarts_goes_on_where_it_was(bench) -> None:
    here, stored = bench(invented=True), inputs(30)
    here.phone.arm(Fault(kind=FaultKind.REBOOT, run=5, seconds=0.5))
    answers = here.ask(stored, outputs=HASH_BYTES)
    assert answers.failed == {}
    assert "after a restart" in " ".join(answers.losses)
    assert here.notes.steps == len(stored)


def test_an_adb_server_that_dies_in_a_loop_is_waited_for(bench) -> None:
    here, stored = bench(invented=True), inputs(10)
    killer = threading.Thread(target=die_at, args=(here, 4))
    killer.start()
    answers = here.ask(stored, outputs=HASH_BYTES)
    killer.join()
    assert answers.failed == {}
    assert len(answers.losses) == 1
    assert here.notes.steps == len(stored)
    assert here.left() == []


def die_at(here: Bench, benchmarks: int) -> None:
    until = time.monotonic() + 120
    while here.phone.benchmarks < benchmarks and time.monotonic() < until:
        time.sleep(0.005)
    here.adb.die()


def test_examples_whose_process_was_killed_are_asked_again_once(bench) -> None:
    here = bench(invented=True)
    for run in (2, 4, 8):  # of six examples two, and of those one again: it is asked no third time
        here.phone.arm(Fault(kind=FaultKind.KILL, run=run))
    answers = here.ask(inputs(6), outputs=HASH_BYTES)
    assert answers.failed == {3: "ended with status 137 (SIGKILL)"}
    assert here.phone.benchmarks == 6 + 2
    well = answers.outputs[0][[0, 1, 2, 4, 5]]
    assert well.any()
    assert (well == well[0]).all()
    assert not answers.outputs[0][3].any()
    assert here.left() == []
