"""Learning curves on a session's page: what is drawn, what is said, and that values are those of the JSON."""

import json
import re

import pytest
import sample_curves as curves
import sample_pages as pages

from mbench.report.pages.learning_curves import MOST_DRAWN, MOST_ROWS, LearningCurves, ShownCurve, learning_curves
from mbench.report.results.delimited import as_json
from mbench.report.results.rows.job_rows import rows_of

KEPT = "c0-3"


def found(*results) -> LearningCurves:
    shown = learning_curves(rows_of(results))
    assert shown is not None
    return shown


def only(result) -> ShownCurve:
    (one,) = found(result).shown
    return one


@pytest.fixture(scope="module")
def text() -> str:
    return pages.page(curves.session())


def values(text: str) -> dict[str, list[float | None]]:
    """Return the numbers of each line of all tables of values."""
    lines = re.findall(r'<tr id="(c\d+-\d+)"><th scope="row">[^<]*</th>(.*?)</tr>', text)
    read = {}
    for key, cells in lines:
        found = [re.search(r'data-v="([^"]*)"', cell) for cell in re.findall(r"<td[^>]*>", cells)]
        read[key] = [None if one is None else float(one[1]) for one in found]
    return read


def test_each_value_of_a_curve_is_that_of_the_json(text):
    machine = json.loads(as_json(rows_of(curves.session())))
    read = values(text)
    assert len(read) == 8
    for place, row in ((0, 0), (1, 2)):
        curve = machine[row]["weights"]["training"]["curve"]
        columns = [curve[name] for name in ("loss", "held_out_loss", "accuracy", "held_out_accuracy")]
        assert [read[f"c{place}-{epoch}"] for epoch in curve["epochs"]] == [
            list(one) for one in zip(*columns, strict=True)
        ]


def test_a_training_of_several_files_is_drawn_once_and_names_its_rows():
    first, second = found(*curves.session()).shown
    assert [row.number for row in first.rows] == [0, 1]
    assert [row.number for row in second.rows] == [2]
    assert first.rows[0].label == "mobilenet_v1_0.25_32_digits10_int8 cpu ×1 on workstation"
    assert first.title == "mobilenet_v1_0.25_32_digits10 on digits"
    assert (
        first.note == "Training 111111111111 of mobilenet_v1_0.25_32_digits10 on digits, epoch 3 of 4, 90.2% of 143 "
        "validation examples."
    )


def test_more_rows_than_have_room_are_counted():
    names = [f"mobilenet_v1_0.25_{size}_digits10_int8" for size in range(32, 32 + MOST_ROWS + 1)]
    one = found(*(curves.trained(name) for name in names)).shown[0]
    assert (len(one.rows), one.more) == (MOST_ROWS, 1)
    assert found(*(curves.trained(name) for name in names[:-1])).shown[0].more == 0


def test_a_document_without_a_curve_is_named_and_weights_of_others_are_not(text):
    assert found(*curves.session()).said == (
        "Not kept in these documents: the learning curve of training 333333333333 of wide.",
    )
    assert "my.keras" not in text[text.index('<section class="curves"') :]


def test_without_trained_networks_nothing_is_said():
    assert learning_curves(rows_of([curves.of_own_weights()])) is None
    assert learning_curves(rows_of(pages.session())) is None
    assert '<section class="curves"' not in pages.page([curves.of_own_weights()])


def test_where_no_curve_is_kept_there_is_no_picture():
    text = pages.page([curves.trained(of=curves.training(curve=None))])
    section = text[text.index('<section class="curves"') :].partition("</section>")[0]
    assert "Not kept in these documents" in section
    assert "<svg" not in section
    assert "<table" not in section


def test_loss_and_accuracy_stand_side_by_side_with_a_point_an_epoch():
    loss, accuracy = only(curves.trained()).chart.panels
    assert (loss.title, accuracy.title) == ("Loss (cross entropy)", "Accuracy (%)")
    for panel in (loss, accuracy):
        assert [series.label for series in panel.series] == ["trained on", "validation split"]
        assert [series.keys for series in panel.series] == ["c0-1 c0-2 c0-3 c0-4"] * 2
        assert len({series.form for series in panel.series}) == 2  # told apart without colours, too
        assert [tick.text for tick in panel.x_ticks] == ["1", "2", "3", "4"]
    assert [tick.text for tick in accuracy.y_ticks] == ["0", "20", "40", "60", "80", "100"]
    trained = accuracy.series[0].points
    assert [point.y for point in trained] == pytest.approx([170 * (1 - share) for share in curves.CURVE.accuracy])
    assert loss.series[0].points[0].y < loss.series[0].points[1].y  # a higher loss stands higher


def test_the_kept_epoch_is_named_at_its_point_on_the_validation_split():
    for panel in only(curves.trained()).chart.panels:
        (name,) = panel.names
        point = panel.series[1].points[2]
        assert (name.text, name.key, name.x, point.key) == ("kept", KEPT, point.x, KEPT)
        assert abs(name.y - point.y) in {9, 18}
        assert name.anchor == "end"


@pytest.mark.parametrize(("share", "above"), [(0.89, True), (0.9, False)])
def test_a_name_at_the_upper_edge_stands_below_its_point(share, above):
    curve = curves.CURVE.model_copy(update={"held_out_accuracy": (share,) * 4})
    panel = only(curves.trained(of=curves.training(curve=curve))).chart.panels[1]
    assert (panel.names[0].y < panel.series[1].points[2].y) is above


def test_the_kept_line_is_marked_in_words():
    lines = only(curves.trained()).lines
    assert [line.epoch for line in lines] == ["1", "2", "3 (kept)", "4"]
    assert "<strong>90.2</strong>" in lines[2].cells[3]
    assert "<strong>" not in "".join(lines[1].cells)


def test_a_loss_of_nothing_has_an_axis_that_is_not_logarithmic():
    def first_heights(loss):
        curve = curves.CURVE.model_copy(update={"loss": loss, "held_out_loss": (None,) * 4})
        panel = only(curves.trained(of=curves.training(curve=curve))).chart.panels[0]
        return [point.y for point in panel.series[0].points]

    falling = first_heights((8.0, 4.0, 2.0, 1.0))
    assert falling[1] - falling[0] == pytest.approx(falling[3] - falling[2])
    reaching = first_heights((8.0, 4.0, 2.0, 0.0))
    assert reaching[1] - reaching[0] == pytest.approx(2 * (reaching[2] - reaching[1]))
    assert all(0 <= each <= 170 for each in first_heights((1e18, 1e-300, 1.0, 2.0)))


def test_what_was_not_taken_has_no_column_and_a_single_gap_is_unknown():
    curve = curves.CURVE.model_copy(
        update={"accuracy": (None,) * 4, "held_out_loss": (None,) * 4, "held_out_accuracy": (None, None, None, 0.9)}
    )
    one = only(curves.trained(of=curves.training(curve=curve)))
    assert one.heads == ("Loss, trained on", "Accuracy (%), validation split")
    assert [">?<" in line.cells[1] for line in one.lines] == [True, True, True, False]
    loss, accuracy = one.chart.panels
    assert [len(series.points) for series in accuracy.series] == [1]
    assert accuracy.lines == ()
    assert len(loss.lines) == 1
    assert accuracy.names == ()  # the kept epoch has no value there


def test_a_curve_of_one_epoch_and_one_of_nothing_have_a_page():
    alone = curves.CURVE.model_copy(
        update={name: value[:1] for name, value in curves.CURVE.model_dump().items() if isinstance(value, tuple)}
    )
    one = only(curves.trained(of=curves.training(curve=alone, epochs=1, kept_epoch=1)))
    assert [tick.text for tick in one.chart.panels[0].x_ticks] == ["1", "2"]
    nothing = alone.model_copy(
        update=dict.fromkeys(("loss", "accuracy", "held_out_loss", "held_out_accuracy"), (None,))
    )
    empty = only(curves.trained(of=curves.training(curve=nothing, epochs=1, kept_epoch=1)))
    assert (empty.chart.panels, empty.heads, len(empty.lines)) == ((), (), 1)


def test_a_curve_that_has_not_all_epochs_says_so():
    assert "epochs are kept" not in only(curves.trained()).note
    some = only(curves.trained(of=curves.training(epochs=100)))
    assert some.note.endswith("; 4 of its epochs are kept.")


@pytest.mark.parametrize("more", [0, 1])
def test_beyond_what_is_drawn_the_rest_is_counted(more):
    results = [
        curves.trained(f"n{place}", curves.training().model_copy(update={"digest": f"{place:064x}"}))
        for place in range(MOST_DRAWN + more)
    ]
    shown = found(*results)
    assert len(shown.shown) == MOST_DRAWN
    assert shown.said == (
        (f"Drawn are the first {MOST_DRAWN} of {MOST_DRAWN + 1} trainings; --format json has the curves of all.",)
        if more
        else ()
    )


def test_the_legend_names_what_is_drawn_alone():
    assert found(curves.trained()).legend.legend == ((0, "trained on"), (1, "validation split"))
    curve = curves.CURVE.model_copy(update=dict.fromkeys(("held_out_loss", "held_out_accuracy"), (None,) * 4))
    assert found(curves.trained(of=curves.training(curve=curve))).legend.legend == ((0, "trained on"),)


@pytest.mark.parametrize("name", ["</script><script>alert(1)</script>", "{{ 7 * 7 }}", "\u202eevil", "a" * 300])
def test_names_of_others_are_text(name):
    def tags(said):
        facts = curves.training(network=said, dataset=said, teacher=said)
        return [tag for tag, _ in pages.cells_of(pages.page([curves.trained(of=facts)])).tags]

    assert tags(name) == tags("plain")
    assert "\u202e" not in pages.page([curves.trained(of=curves.training(network=name))])
