"""What a table, its rows and CSV say of weights and calibration."""

import csv
import io
import json

import sample_results as sample

from mbench.core.builds.recipes import CalibrationKind, WeightsKind
from mbench.core.choices import CalibrationMethod
from mbench.core.workloads import CalibrationFacts, TrainingFacts, WeightsFacts
from mbench.report.results.delimited import as_csv
from mbench.report.results.feet.origin_lines import origin_lines
from mbench.report.results.rows.job_rows import row_of

TRAINING = TrainingFacts(
    digest="0123456789ab" + "0" * 52,
    network="mobilenet_v1_0.25_32_digits10",
    dataset="digits",
    epochs=12,
    kept_epoch=9,
    held_out_accuracy=0.972,
    held_out=143,
    qat_bits=None,
    teacher=None,
    others=0,
)
EXAMPLES = "validation examples"
WEIGHTS = WeightsFacts(kind=WeightsKind.TRAINED, sha256="a" * 64, source="a.npz", training=TRAINING)
CALIBRATION = CalibrationFacts(
    kind=CalibrationKind.FOLDER,
    examples=5,
    asked=32,
    method=CalibrationMethod.MIN_MAX,
    sha256="c" * 64,
    source="photos",
)


def result(name: str, **facts):
    return sample.result(medians_us=(4_000, 4_010, 4_020), workload=sample.workload(name, **facts))


def trained(**changed) -> WeightsFacts:
    return WEIGHTS.model_copy(update={"training": TRAINING.model_copy(update=changed)})


def test_the_training_and_the_pictures_are_named_once_for_all_rows():
    both = [result(name, weights=WEIGHTS, calibration=CALIBRATION) for name in ("one", "two")]

    assert list(origin_lines(both)) == [
        f"Weights: training 0123456789ab of {TRAINING.network} on digits, epoch 9 of 12, 97.2% of 143 {EXAMPLES}.",
        "Calibration: 5 pictures of folder photos (32 asked for), sha256 cccccccccccc, min-max.",
    ]


def test_quantization_aware_training_a_teacher_and_other_trainings_are_named():
    (line,) = origin_lines([result("one", weights=trained(qat_bits=4, teacher="weights 0a1b", others=2))])

    assert "quantization-aware (4-bit 1×1 weights), teacher weights 0a1b, beside 2 other trainings" in line
    assert "(--weights 0123456789ab fixes it)" in line


def test_rows_of_other_weights_have_lines_of_their_own():
    file = WeightsFacts(kind=WeightsKind.FILE, sha256="f" * 64, source="my.keras")
    lines = [*origin_lines([result("one", weights=WEIGHTS), result("two", weights=file), result("mine")])]

    assert lines[0].startswith("Weights, one: training")
    assert lines[1] == "Weights, two: file my.keras, sha256 ffffffffffff."
    assert len(lines) == 2


def test_untrained_networks_and_users_files_have_no_line():
    seeded = WeightsFacts(kind=WeightsKind.SEEDED, seed=0)

    assert not [*origin_lines([result("one", weights=seeded), result("mine")])]


def test_rows_and_csv_hold_the_same_facts():
    row = row_of(result("one", weights=WEIGHTS, calibration=CALIBRATION))
    (line,) = csv.DictReader(io.StringIO(as_csv([row])))

    assert json.loads(line["weights"])["training"]["kept_epoch"] == 9
    assert json.loads(line["calibration"]) == CALIBRATION.model_dump(mode="json")


def test_a_user_s_own_examples_are_named_by_their_file_and_a_data_set_s_as_such():
    examples = CALIBRATION.model_copy(update={"kind": CalibrationKind.EXAMPLES, "source": "cal.npz"})
    (own,) = [line for line in origin_lines([result("one", calibration=examples)]) if "Calibration" in line]
    unnamed = examples.model_copy(update={"source": None})
    (other,) = [line for line in origin_lines([result("one", calibration=unnamed)]) if "Calibration" in line]
    assert "5 examples of cal.npz" in own
    assert "5 examples of the data set's train split" in other
