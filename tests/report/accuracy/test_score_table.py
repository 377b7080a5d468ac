import sample_scores as scored

from mbench.core.examples import Task
from mbench.core.reasons import Unscored
from mbench.core.scores import Agreement
from mbench.report.accuracy.score_table import score_table
from mbench.report.render.markdown import table_markdown

BEST = scored.score(scored.hits_but([1]), "b" * 64, scored=359, failed=("digits test #1",))
WORSE = scored.score(scored.hits_but(range(20)), "c" * 64)

TABLE = """\
| File        | Data set    | Examples |              Top-1 (%) | Failed | Seconds | Notes |
| ----------- | ----------- | -------: | ---------------------: | -----: | ------: | ----- |
| best.tflite | digits test |      360 | **99.7 [98.4, 100.0]** |      1 |    1.25 |       |
| net.tflite  | digits test |      360 |      94.4 [91.6, 96.4] |      0 |    1.25 |       |
| box.tflite  | –           |        – |                      – |      – |       – | 1     |

- (1) no accuracy, box.tflite: its outputs are boxes.
- Accuracy: digits test, 360 examples, sha256 3fa13fa13fa1; preprocessing unit_range; scored on the host by LiteRT 2.3.0, delegate cpu; 95 % intervals by Wilson.
- Without an answer, counted as wrong, best.tflite: 1 of 360 examples: digits test #1.
- Top-1: best.tflite is better than the other (McNemar's exact test on the same examples, 5 % level).
- Artifacts (sha256): best.tflite bbbbbbbbbbbb, net.tflite cccccccccccc.
"""  # noqa: E501  # a table is as wide as it is


def test_a_table_of_scores_reads_so():
    rows = [("best.tflite", BEST), ("net.tflite", WORSE), ("box.tflite", Unscored("its outputs are boxes."))]
    assert table_markdown(score_table(rows)) == TABLE


def test_every_metric_has_a_column_by_its_name():
    names = ("top1", "top5", "mean_average_precision", "coco_ap", "within_25_km", "val_at_far_0.001")
    metrics = tuple(scored.share(name, 90, 100) for name in names)
    table = score_table([("x", BEST.model_copy(update={"metrics": metrics}))])
    headers = [column.header for column in table.columns]
    assert headers[3:9] == [
        "Top-1 (%)",
        "Top-5 (%)",
        "mAP (%)",
        "COCO AP (%)",
        "Within 25 km (%)",
        "VAL at FAR 0.001 (%)",
    ]


def test_scores_of_the_device_say_where_they_are_from():
    on_device = WORSE.model_copy(update={"place": "device", "delegate": "gpu", "artifact_sha256": "b" * 64})
    table = score_table([("x", BEST), ("x", on_device)])
    assert [row[1].text for row in table.rows] == ["host, cpu", "device, gpu"]
    assert any(line.startswith("Accuracy on device: ") for line in table.foot)


def test_files_without_a_score_leave_a_table_of_reasons():
    table = score_table([("x", Unscored("no labels")), ("y", Unscored("no labels"))])
    assert table.footnotes == ("(1) no accuracy, x, y: no labels.",)
    assert [row[-1].text for row in table.rows] == ["1", "1"]


def test_the_line_of_a_geolocation_names_the_cells_that_its_classes_are():
    placed = BEST.model_copy(update={"cells_sha256": "d" * 64, "hits": None})
    assert "preprocessing unit_range, cells sha256 dddddddddddd; scored" in score_table([("x", placed)]).foot[0]


def test_detectors_have_no_first_answer_that_a_device_could_share():
    agreed = Agreement(examples=360, same_top1=12, largest_step=2.0, differing=("digits test #1",))
    dataset = BEST.dataset.model_copy(update={"task": Task.DETECTION})
    found = WORSE.model_copy(update={"place": "device", "dataset": dataset, "agreement": agreed})
    assert "Device against host, x: 360 examples compared; one output differs by 2 at most." in (
        score_table([("x", found)]).foot
    )


def faces(*, pictures: int = 40, pairs: int = 20, **changes):
    """A score of pairs: `asked` and `scored` count their pictures."""
    dataset = BEST.dataset.model_copy(update={"name": "faces", "task": Task.VERIFICATION, "examples": 40})
    metrics = (scored.share("verification_accuracy", pairs, pairs),)
    fields = {"dataset": dataset, "asked": pictures, "scored": pictures, "metrics": metrics, "hits": None, "failed": ()}
    return BEST.model_copy(update=fields | changes)


def test_of_faces_pairs_are_counted_and_pictures_that_failed():
    table = score_table([("x", faces(scored=39, failed=("3_2.png",)))])
    assert [cell.text for cell in table.rows[0]][1:5] == ["faces test", "20 pairs", "100 [84, 100]", "1 picture"]
    assert "Without an answer, counted as wrong: 1 of 40 pictures: 3_2.png." in table.foot


def test_the_line_of_faces_says_how_many_pairs_of_how_many_pictures():
    assert score_table([("x", faces())]).foot[0].startswith("Accuracy: faces test, 20 pairs, of 40 pictures, sha256 ")


def test_the_line_of_drawn_pairs_says_that_pairs_were_drawn():
    drawn = score_table([("x", faces(pictures=14, pairs=7, selection_seed=0))]).foot[0]
    assert drawn.startswith("Accuracy: faces test, 7 pairs drawn with seed 0, of 14 of 40 pictures, sha256 ")


def test_an_interval_of_faces_is_drawn_over_pairs():
    metric = scored.share("val_at_far_0.001", 9, 20).model_copy(update={"interval": "bootstrap"})
    assert "95 % intervals by bootstrap over pairs." in score_table([("x", faces(metrics=(metric,)))]).foot[0]
