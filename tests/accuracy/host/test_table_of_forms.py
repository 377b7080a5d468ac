"""The table of foreign files in docs/accuracy.md: each is made, scored, and found to be what its cell says.

Every file is the linear classifier of the digits. A cell that is a number is the network's true accuracy; whatever is
below it bears a warning or is refused.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from linear_digits import linear_digits, right_answers

from mbench.accuracy.pictures.input_range import given_range
from mbench.accuracy.pictures.scalings import parse_scaling
from mbench.artifacts.inspection import inspect_file
from mbench.core.ports import SilentProgress
from mbench.core.reasons import Unscored
from mbench.core.scores import EvaluationSpec, Score, hits_of
from mbench.core.workloads import ArtifactFacts
from mbench.workflows.score.on_host import score_files
from mbench.workflows.score.open_evaluation_spec import open_spec

pytestmark = pytest.mark.usefixtures("lasting_pool")

DOCUMENT = Path(__file__).parents[3] / "docs" / "accuracy.md"
BEGIN, END = "<!-- forms of foreign files -->\n\n", "\n<!-- end of forms -->"

SCALINGS = ("symmetric", "unit", "levels", "imagenet", "60/200")
UNNAMED = "60/200"
"""No scaling of a name, so that what fits best among those may be advised in its place."""
STORED = {
    "float": {},
    "float around int8": {"int8_body": True},
    "uint8": {"dtype": "uint8"},
    "int8": {"dtype": "int8", "int8_body": True},
}
FORMS = {
    "NHWC, logits": {},
    "NCHW": {"nchw": True},
    "probabilities": {"softmax": True},
    "background first": {"offset": 1},
    "reversed labels": {"reverse": True},
}
LOST = 1
"""Of 360 examples that an int8 body may answer otherwise than the network."""


def made(trained: str, stored: str, form: str) -> bytes:
    scaling, asked = parse_scaling(trained), STORED[stored]
    quantization = None
    if dtype := asked.get("dtype"):
        ends = given_range(scaling)
        step = (ends.high - ends.low) / 255
        quantization = (step, (-128 if dtype == "int8" else 0) - round(ends.low / step))
    return linear_digits(scaling, quantization=quantization, **asked, **FORMS[form])


def advised(text: str) -> str:
    """Return the scaling of the recipe that is advised: `unit` of `--preprocessing plain:unit fits`."""
    recipe = text.partition("--preprocessing ")[2].partition(" ")[0].removesuffix(",")
    base, _, scaling = recipe.partition(":")
    assert base == "plain", text  # the data set's own crop is kept
    return scaling or "symmetric"


def written(files: Sequence[bytes], folder: Path) -> list[tuple[ArtifactFacts, Path]]:
    paths = [folder / f"{number}.tflite" for number in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    return [(inspect_file(path).facts(), path) for path in paths]


def scores(files: Sequence[tuple[ArtifactFacts, Path]], given: str, cache: Path) -> list[Score | Unscored]:
    asked = EvaluationSpec(dataset="digits", preprocessing=given)
    opened = open_spec(asked, cache=cache)
    return score_files(files, opened, asked.delegate, cache=cache, workers=1, progress=SilentProgress())


@cache
def true_hits() -> int:
    return int(right_answers().sum())


def cell(score: Score | Unscored) -> str:
    """Return what mbench says, in a few words; a number only where it is the network's true accuracy."""
    if isinstance(score, Unscored):
        assert "holds" in score.reason, score.reason
        return f"refused: {advised(score.reason)} fits"
    right = sum(hits_of(score) or [])
    named = next((doubt for doubt in score.doubts if "are right with --preprocessing" in doubt), None)
    if named is not None:
        better = advised(named)
        return f"warning: perhaps {better}" if "too few to show" in named else f"warning: {better}"
    if any("better than chance" in doubt for doubt in score.doubts):
        return "warning: no better than chance"
    assert score.doubts == ()
    assert right >= true_hits() - LOST, f"{right} of {true_hits()} without a word"
    return "its accuracy"


def rows_of(form: str, trained: Sequence[str], folder: Path) -> list[list[str]]:
    """Return a row for each scaling that a file was trained on and each way to store it, a cell for each one given."""
    kinds = [(scaling, stored) for scaling in trained for stored in STORED]
    files = written([made(scaling, stored, form) for scaling, stored in kinds], folder)
    found = [[cell(score) for score in scores(files, given, folder / "cache")] for given in SCALINGS]
    return [[*kind, *(column[row] for column in found)] for row, kind in enumerate(kinds)]


def table(rows: list[list[str]]) -> str:
    lines = [["Trained on", "Input", *(f"`{given}` given" for given in SCALINGS)], ["---"] * (2 + len(SCALINGS))]
    shown = [[f"`{trained}`", stored, *cells] for trained, stored, *cells in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in [*lines, *shown])


def test_the_table_in_the_documents_is_what_mbench_says(tmp_path: Path) -> None:
    rows = rows_of("NHWC, logits", SCALINGS, tmp_path)
    for trained, _, *cells in rows:
        for given, said in zip(SCALINGS, cells, strict=True):
            assert (said == "its accuracy") == (given == trained), (trained, given, said)
            assert given == trained or trained == UNNAMED or trained in said.split(), (trained, given, said)
    wanted = table(rows)
    found = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert found == wanted, f"put this into {DOCUMENT}:\n{wanted}"


TRAINED = ["levels", pytest.param("symmetric", marks=pytest.mark.slow)]


@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize("form", ["NCHW", "probabilities", "background first"])
def test_the_same_is_said_of_other_layouts_and_outputs(form: str, trained: str, tmp_path: Path) -> None:
    """Of two scalings of the table: the cell is the same, but for which of several may fit better."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    for _, stored, *cells in rows_of(form, (trained,), tmp_path):
        (documented,) = (line for line in lines if line.startswith(f"| `{trained}` | {stored} |"))
        kinds = [text.partition(":")[0] for text in cells]
        assert kinds == [part.strip().partition(":")[0] for part in documented.split("|")[3:-1]], cells


@pytest.mark.parametrize("trained", TRAINED)
def test_reversed_labels_are_never_a_number_without_a_warning(trained: str, tmp_path: Path) -> None:
    for _, _, *cells in rows_of("reversed labels", (trained,), tmp_path):
        for given, said in zip(SCALINGS, cells, strict=True):
            assert said.startswith(("warning", "refused")), (trained, given, said)
        assert cells[SCALINGS.index(trained)] == "warning: no better than chance"


def test_the_networks_true_accuracy_is_what_the_table_says() -> None:
    share = f"{np.mean(right_answers()):.1%}".replace("%", " %")
    assert f"({share} of 360 digits)" in DOCUMENT.read_text(encoding="utf-8")
