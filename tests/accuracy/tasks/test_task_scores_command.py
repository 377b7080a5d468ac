"""Tasks that are no classification as a stranger asks for them: by `mbench evaluate`, and beside latencies."""

import csv
import io
import json

import pytest
import task_sets as sets
from command_line import Command
from picture_sets import mean_colour_file

SHORT = ("--num-runs", "5", "--min-secs", "0", "--warmup-secs", "0", "--runs", "1", "--max-runs", "1")


@pytest.fixture
def mbench(tmp_path):
    """Call `mbench` beside a file that answers with a picture's mean red, green and blue."""
    (tmp_path / "colour.tflite").write_bytes(mean_colour_file())
    command = Command(tmp_path, tmp_path / "home")

    def call(*words: str) -> str:
        done = command(*words, "--quiet")
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_each_metric_has_fields_of_its_own_name_in_csv_and_the_cells_that_were_named_count(mbench, tmp_path):
    dataset = sets.write_places(tmp_path / "geo")
    sets.write_cells(tmp_path / "own.csv", sets.PARIS, sets.PARIS, sets.PARIS)
    said = mbench(
        "evaluate", "colour.tflite", "--dataset", dataset, "--cells", "own.csv", "--format", "csv", "--workers", "1"
    )
    (row,) = csv.DictReader(io.StringIO(said))
    assert (row["top1"], row["within_1_km"][:5], row["error"]) == ("", "0.666", "")
    assert float(row["within_2500_km_low"]) < float(row["within_2500_km"]) <= float(row["within_2500_km_high"])


def test_a_file_of_ones_own_is_timed_and_scored_by_its_tasks_own_metric_on_host_and_device(mbench, tmp_path):
    dataset = sets.write_attributes(tmp_path / "faces", pictures=3)  # a process each on the device
    asked = ("--dataset", dataset, "--accuracy", "both", "--preprocessing", "plain")
    (row,) = json.loads(mbench("run", "--model", "colour.tflite", *asked, *SHORT, "--memory-runs", "0", "--json"))
    assert row["latency_median_us"] > 0
    assert (row["dataset"], row["top1"]) == ("celeba test", None)
    for place in ("metrics", "metrics_device"):
        (metric,) = row[place]
        assert (metric["name"], metric["value"], metric["examples"]) == ("mean_average_precision", 1.0, 3)
