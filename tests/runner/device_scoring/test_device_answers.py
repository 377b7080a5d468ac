"""Answers of a device, here this host: the real loop, around a program that plays back what hostbench said once.

Its answer is the beginning of its input. The first value of an example says what its process does: 100 crashes, 101
fails, 102 writes too little, 103 writes nothing, 104 delegates other nodes; any other one answers.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from answering import CLASSES, Notes, classifier, host_answers, inputs, request

from mbench.core.delegates import Delegate, parse_delegate
from mbench.core.errors import RunFailed, TransportError, UsageError
from mbench.core.workloads import OutputFacts
from mbench.devices.host.transport import HostTransport
from mbench.runner.device_scoring.answer import FIRST_LOOP, DeviceAnswers, answer_on_device
from mbench.runner.device_scoring.kept import KeptAnswers
from mbench.runner.instrument import Instrument
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.benchmark_program import hostbench

MODEL = classifier()

PLAYER = """#!/bin/sh
for word in "$@"; do
  case $word in
    --output_filepath=*) output=${word#*=} ;;
    --model_runtime_info_output_file=*) cp "${0%/*}/rt.pb" "${word#*=}" ;;
  esac
done
cat "${0%/*}/out.txt"
cat "${0%/*}/err.txt" >&2
case $(od -An -tu1 -N1 x.bin) in
  *100) echo "FATAL: no such picture" >&2; kill -ABRT $$ ;;
  *101) echo "ERROR: Node number 3 (CONV_2D) failed to invoke." >&2; exit 1 ;;
  *102) printf short >"$output" ;;
  *103) ;;
  *104) echo "VERBOSE: Replacing 1 out of 2 node(s) with delegate (Other) node, yielding 2 partitions." >&2 ;;
esac
case $(od -An -tu1 -N1 x.bin) in
  *102 | *103) ;;
  *) dd if=x.bin of="$output" bs=10 count=1 2>/dev/null ;;
esac
"""


@dataclass(frozen=True)
class Place:
    folder: Path
    transport: HostTransport
    instrument: Instrument

    def ask(
        self,
        stored: np.ndarray,
        *,
        delegate: Delegate = Delegate.CPU,
        outputs: tuple[OutputFacts, ...] = (),
        **options: object,
    ) -> DeviceAnswers:
        asked = request(MODEL, stored, at=f"{self.folder}/m.tflite", folder=str(self.folder), delegate=delegate)
        asked = replace(asked, outputs=outputs or asked.outputs)
        options = {"progress": Notes(), **options}
        return answer_on_device(self.transport, SystemClock(), self.instrument, asked, self.kept(), **options)

    def kept(self) -> KeptAnswers:
        return KeptAnswers(self.folder.parent / "kept", about={"model": "classifier"}, row_bytes=CLASSES)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one real process says of the classifier, and the runtime information that it writes."""
    folder = tmp_path_factory.mktemp("recorded")
    place = Place(folder=folder, transport=HostTransport(folder), instrument=hostbench().instrument)
    (folder / "m.tflite").write_bytes(MODEL)
    answers = place.ask(inputs(1))
    assert np.array_equal(answers.outputs[0], host_answers(MODEL, inputs(1)))
    return place.kept().folder / "example-0"


@pytest.fixture
def place(tmp_path: Path, recorded: Path) -> Place:
    folder = tmp_path / "a device: of, its own"
    transport = HostTransport(folder)
    (folder / "m.tflite").write_bytes(MODEL)
    for name, theirs in {"out.txt": "stdout.txt", "err.txt": "stderr.txt"}.items():
        said = (recorded / theirs).read_text(encoding="utf-8")
        graph = said.partition("INFO: Graph: [")[2].partition("]")[0]
        (folder / name).write_text(said.replace(graph, f"{folder}/m.tflite") if graph else said, encoding="utf-8")
    (folder / "rt.pb").write_bytes((recorded / "rt.pb").read_bytes())
    program = folder / "program"
    program.write_text(PLAYER, encoding="utf-8")
    program.chmod(0o755)
    instrument = Instrument(
        argv_prefix=(str(program),),
        tool="hostbench",
        sha256=transport.sha256(str(program)) or "",
        path=str(program),
        flags=hostbench().instrument.flags,
    )
    return Place(folder=folder, transport=transport, instrument=instrument)


def stored(*firsts: int) -> np.ndarray:
    """Return an example for each number, which it begins with."""
    rows = inputs(len(firsts))
    rows[:, 0, 0, 0] = firsts
    return rows


def test_examples_that_fail_are_counted_and_named_and_the_others_have_their_answers(place: Place) -> None:
    asked = stored(1, 100, 2, 101, 102, 103, 104, 3)
    before = {path.name for path in place.folder.iterdir()}
    progress = Notes()
    answers = place.ask(asked, progress=progress)
    assert answers.failed == {
        1: "ended with status 134 (SIGABRT)",
        3: "ended with status 1",
        4: "left outputs of 5 bytes, not those of the model",
        5: "left outputs of 0 bytes, not those of the model",
        6: "was executed by other delegates than the process that was looked at",
    }
    (outputs,) = answers.outputs
    well = [0, 2, 7]
    assert np.array_equal(outputs[well], asked.reshape(len(asked), -1)[well, :CLASSES])
    assert not outputs[list(answers.failed)].any()
    assert progress.steps == len(asked)
    assert {path.name for path in place.folder.iterdir()} == before


def test_the_process_that_is_looked_at_may_fail_and_the_next_example_is_then(place: Place) -> None:
    answers = place.ask(stored(100, 102, 1, 2))
    assert sorted(answers.failed) == [0, 1]
    assert "SIGABRT" in answers.failed[0]
    assert {path.name for path in place.kept().folder.glob("example-*")} == {"example-0", "example-1", "example-2"}


def test_the_first_examples_tell_how_long_the_others_take(place: Place) -> None:
    progress = Notes()
    place.ask(inputs(FIRST_LOOP + 3), progress=progress)
    (note,) = progress.said
    assert "2 more examples at" in note
    assert "ms each take about" in note


def test_what_is_kept_is_not_asked_again(place: Place) -> None:
    asked = stored(1, 2, 3)

    class Stop(Exception):
        pass

    def stop_after_one() -> None:
        if place.kept().done:
            raise Stop

    with pytest.raises(Stop):
        place.ask(asked, between=stop_after_one)
    assert place.kept().done == 1
    progress = Notes()
    answers = place.ask(asked, progress=progress)
    assert progress.steps == 2
    assert answers.outputs[0][:, 0].tolist() == [1, 2, 3]


def test_each_output_is_an_array_of_its_own_type(place: Place) -> None:
    asked = stored(1, 2)
    facts = [("uint8", 4), ("int16", 3)]
    answers = place.ask(
        asked, outputs=tuple(OutputFacts(dtype=dtype, elements=count, zero_point=None) for dtype, count in facts)
    )
    first, second = answers.outputs
    begin = asked.reshape(2, -1)[:, :CLASSES].tobytes()
    assert (first.dtype, first.shape, second.dtype, second.shape) == (np.uint8, (2, 4), np.int16, (2, 3))
    assert b"".join(bytes(one) + bytes(other) for one, other in zip(first, second, strict=True)) == begin


def test_an_output_whose_bytes_nobody_can_read_is_refused(place: Place) -> None:
    with pytest.raises(UsageError, match="type string"):
        place.ask(stored(1), outputs=(OutputFacts(dtype="string", elements=1, zero_point=None),))


def test_a_delegate_that_is_not_there_gives_no_answers(place: Place) -> None:
    with pytest.raises(RunFailed) as caught:
        place.ask(stored(1, 2), delegate=parse_delegate("builtin"))
    assert caught.value.error_class == "delegate"
    assert place.kept().done == 0


def test_a_row_of_failures_is_not_the_examples_fault(place: Place) -> None:
    with pytest.raises(RunFailed, match=r"10 examples one after the other .*SIGABRT\): FATAL: no such picture"):
        place.ask(stored(1, *[100] * 20))


def test_a_program_without_input_files_is_refused(place: Place) -> None:
    flags = frozenset({"graph", "num_threads", "output_filepath"})
    litert = Instrument(argv_prefix=("x",), tool="litert", sha256="0" * 64, path=None, flags=flags)
    without = Place(folder=place.folder, transport=place.transport, instrument=litert)
    with pytest.raises(UsageError, match=r"no flag --.*input_layer_value_files"):
        without.ask(stored(1))


def test_answers_of_a_model_that_changed_meanwhile_are_forgotten(place: Place) -> None:
    path = place.folder / "m.tflite"

    def change_in_the_end() -> None:
        if place.kept().done == 2:
            path.write_bytes(MODEL + b"\0")

    with pytest.raises(RunFailed, match=r"m\.tflite has SHA-256"):
        place.ask(stored(1, 2), between=change_in_the_end)
    assert place.kept().done == 0


def test_a_device_that_cannot_be_lost_raises_what_went_wrong(place: Place) -> None:
    place.folder.joinpath("run").write_text("in the way")
    with pytest.raises((RunFailed, TransportError)):
        place.ask(stored(1))
