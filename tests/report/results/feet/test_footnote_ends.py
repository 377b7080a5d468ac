"""A note of a table is a sentence that ends once, whatever the message ended with."""

import pytest
import sample_results as sample

from mbench.core.results import MeasurementWarning, Status, WarningCode
from mbench.report.results.feet.footnotes import footnotes_of
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.row import Row


def failed(message: str) -> Row:
    changes = {"status": Status.FAILED, "error_class": "io", "message": message}
    return row_of(sample.result()).model_copy(update=changes | {"latency_median_us": None, "latency_ci_us": None})


@pytest.mark.parametrize(("end", "ends"), [("", "."), (".", "."), ("?", "?"), ("!", "!")])
def test_a_message_ends_once(end: str, ends: str) -> None:
    notes = footnotes_of([failed(f"is the disk full{end}")])
    assert next(note for note in notes.lines if "disk" in note).endswith(f"is the disk full{ends}")


@pytest.mark.parametrize("end", ["", ".", "?"])
def test_advice_ends_once(end: str) -> None:
    doubt = MeasurementWarning(code=WarningCode.BUSY, message=f"busy{end}", advice=f"close it{end}")
    row = row_of(sample.result()).model_copy(update={"warnings": (doubt,)})
    (note,) = [note for note in footnotes_of([row]).lines if "busy" in note]
    assert ".." not in note
    assert "?." not in note
    assert note.endswith(f"Advice: close it{end or '.'}")


def test_a_message_that_begins_with_the_variant_says_it_once() -> None:
    fine = row_of(sample.result())
    row = failed(f"{fine.variant}: nothing came out")
    (note,) = [note for note in footnotes_of([row, fine]).lines if "nothing" in note]
    assert note.count(fine.variant) == 1
    assert note.endswith(": nothing came out.")
