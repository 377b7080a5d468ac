"""What a bare sweep of delegates runs on a device whose profile may be somebody else's."""

from dataclasses import replace
from pathlib import Path

import pytest

from mbench.core.builds.sweeps import Axis
from mbench.core.errors import UsageError
from mbench.runner.instrument import Instrument
from mbench.workflows.build.selection import Selection, select
from mbench.workflows.run.candidates import candidates_for

PROGRAM = Instrument(
    argv_prefix=("benchmark_model",),
    tool="tflite",
    sha256="b" * 64,
    path=None,
    flags=frozenset({"use_xnnpack", "external_delegate_path", "external_delegate_options", "use_npu"}),
)
EXTERNAL = "external:/data/local/tmp/evil.so"


@pytest.fixture
def model(tmp_path) -> Path:
    path = tmp_path / "my.tflite"
    path.touch()
    return path


def test_a_library_that_only_a_profile_names_is_left_out_and_reported(model):
    chosen = Selection(files=(model,), sweeps=(Axis.DELEGATE,))
    found, notes = candidates_for(chosen, select(chosen), delegates=("cpu", EXTERNAL, "builtin"), instrument=PROGRAM)
    assert [str(one.delegate) for one in found] == ["cpu", "builtin"]
    assert notes == (
        f"delegate {EXTERNAL} is left out: it is code that the profile names; name it yourself by --delegate",
    )


def test_a_profile_that_names_nothing_else_leaves_nothing_to_run(model):
    chosen = Selection(files=(model,), sweeps=(Axis.DELEGATE,))
    with pytest.raises(UsageError, match=r"no delegate of the profile can be asked for: .*evil"):
        candidates_for(chosen, select(chosen), delegates=(EXTERNAL,), instrument=PROGRAM)


def test_a_library_that_the_user_names_is_run(model):
    chosen = Selection(files=(model,), lists={Axis.DELEGATE: f"cpu,{EXTERNAL}"})
    found, notes = candidates_for(chosen, select(chosen), delegates=("cpu",), instrument=PROGRAM)
    assert ([str(one.delegate) for one in found], notes) == (["cpu", EXTERNAL], ())


@pytest.mark.parametrize(
    "sweeps",
    [
        (Axis.DELEGATE,),
        (Axis.DELEGATE, "threads=1,2"),
        ("threads=1,2", Axis.DELEGATE),
        ("alpha=0.5,0.25", Axis.DELEGATE, "quantization=fp32,int8"),
    ],
)
def test_each_device_sweeps_its_own_delegates_in_the_order_that_was_typed(sweeps):
    """One expansion serves all devices: it gives what expanding with each device's delegates would."""
    chosen = Selection(sweeps=sweeps, resolution=32)
    selected = select(chosen)
    for delegates in (("builtin",), ("xnnpack", "cpu"), ("cpu", "xnnpack", "builtin", "npu")):
        found, _ = candidates_for(chosen, selected, delegates=delegates, instrument=PROGRAM)
        own = tuple(f"delegate={','.join(delegates)}" if each == Axis.DELEGATE else each for each in sweeps)
        assert found == select(replace(chosen, sweeps=own))


def test_a_delegate_that_a_profile_names_twice_is_run_once(model):
    chosen = Selection(files=(model,), sweeps=(Axis.DELEGATE,))
    found, _ = candidates_for(chosen, select(chosen), delegates=("cpu", "builtin", "cpu"), instrument=PROGRAM)
    assert [str(one.delegate) for one in found] == ["cpu", "builtin"]
