"""An emulated phone is asked about pictures in a file's own form, and the output that was chosen is judged."""

import pytest
from accuracy_lab import Bench
from linear_digits import SIDE, linear_digits, right_answers
from test_phone_accuracy_scores import place

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.host.inference import answer, open_file
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.accuracy.tasks.classes import class_evaluator
from mbench.artifacts.inspection import inspect_file
from mbench.core.choices import Layout
from mbench.core.delegates import Delegate
from mbench.core.examples import Split
from mbench.core.ports import SilentProgress
from mbench.core.scores import Score, ScoredOutput, unpack_hits
from mbench.core.workloads import RunSettings, Workload
from mbench.workflows.clock import SystemClock
from mbench.workflows.run.device_score import DeviceEvaluation, score_on_device

ASKED = 3
QUIET = SilentProgress()


@pytest.mark.parametrize(
    ("form", "size"),
    [
        ({"nchw": True}, (SIDE, 20)),  # channels first differ where there are three
        pytest.param({"gray": True}, (SIDE, SIDE), marks=pytest.mark.slow),
    ],
)
def test_a_phone_answers_as_the_host_whatever_the_form_and_the_output(bench, tmp_path, form, size) -> None:
    data = linear_digits(SCALINGS["unit"], second=True, size=size, **form)
    here: Bench = bench(model=data)
    digits, recipe = open_dataset("digits", cache=None).split(Split.TEST), find_recipe("plain:unit")
    with HostPool(1) as pool:
        opened = open_file(here.folder / "m.tflite", delegate=Delegate.CPU, pool=pool, output="digit")
        evaluator = class_evaluator(opened, digits, asked_offset=None, note=QUIET.note)
        prepared = prepare(
            digits, recipe, size[0], width=size[1], asked=ASKED, seed=0, folder=tmp_path, pool=pool, progress=QUIET
        )
        host = answer(opened, prepared, recipe.scaling, keep=None, output=evaluator.output, pool=pool, progress=QUIET)
    found = score_on_device(
        place(here),
        Workload(
            artifact=inspect_file(here.folder / "m.tflite").facts(),
            delegate=Delegate.CPU,
            threads=1,
            settings=RunSettings(),
        ),
        DeviceEvaluation(
            prepared=prepared, examples=digits, recipe=recipe, opened=opened, host=host, evaluator=evaluator
        ),
        kept_in=here.folder / "answers",
        clock=SystemClock(),
        progress=QUIET,
    )
    assert isinstance(found, Score), found
    assert unpack_hits(found.hits, ASKED) == right_answers(*size)[prepared.indices].tolist()
    assert found.agreement is not None
    assert (found.agreement.same_top1, found.agreement.examples) == (ASKED, ASKED)
    assert found.agreement.largest_step < 1e-4
    assert found.layout == (Layout.NCHW if "nchw" in form else Layout.NHWC)
    assert (found.gray, found.output) == ("gray" in form, ScoredOutput(index=0, name="scores"))
