import json
import re

import pytest
import sample_pages as pages
import sample_phones as phones
import sample_results as sample

from mbench.core.results import Phase, Status
from mbench.report.pages.row_details import columns_of_runs, rows_with_runs
from mbench.report.pages.session_page import FIRST_ROWS
from mbench.report.results.delimited import as_json
from mbench.report.results.rows.job_rows import rows_of


@pytest.fixture(scope="module")
def text() -> str:
    return pages.page(pages.session())


@pytest.fixture(scope="module")
def cells(text) -> pages.Cells:
    return pages.cells_of(text)


def number(attributes: dict, name: str) -> float | None:
    said = attributes.get(name)
    return None if said is None else float(said)


def machine_rows(results) -> list[dict]:
    return json.loads(as_json(rows_of(results)))


NUMBERS = (
    *("threads", "parameters", "mult_adds", "size_bytes", "latency_median_us", "latency_p95_us", "latency_mean_us"),
    *("init_us", "first_us", "peak_memory_kib", "runs"),
)


def test_each_number_of_the_table_is_that_of_the_json(cells):
    machine = machine_rows(pages.session())
    assert sorted(cells.rows) == [*range(len(machine))]
    for place, row in cells.rows.items():
        found = {name: cell[0] for name, cell in zip(cells.names, row, strict=True)}
        for name in NUMBERS:
            assert number(found[name], "data-v") == machine[place][name], (place, name)
        low_high = (number(found["latency_median_us"], "data-l"), number(found["latency_median_us"], "data-h"))
        assert low_high == tuple(machine[place]["latency_ci_us"] or (None, None))
        assert number(found["top1"], "data-v") == machine[place]["top1"]
        top1_ci = (number(found["top1"], "data-l"), number(found["top1"], "data-h"))
        assert top1_ci == tuple(machine[place]["top1_ci"] or (None, None))


def test_what_a_cell_shows_is_what_a_table_shows(cells):
    index = cells.names.index("latency_median_us")
    assert cells.rows[0][index][1] == "40.01 [39.95, 40.08]"
    assert cells.rows[0][cells.names.index("delegate_nodes")][1] == "31/33"
    assert cells.rows[4][index][1] == "–"
    assert cells.rows[4][cells.names.index("status")][1] == "failed: timeout"


def test_unknown_is_said_and_has_no_number(cells):
    attributes, text = cells.rows[5][cells.names.index("top1")]
    assert text == "?"
    assert "data-v" not in attributes


def test_all_runs_of_a_row_are_packed_as_they_were(text):
    data = pages.data_of(text)
    results = pages.session()
    at = {name: place for place, name in enumerate(data["run_fields"])}
    for result, row in zip(results, data["rows"], strict=True):
        assert len(row["runs"]) == len(result.runs)
        for run, kept in zip(result.runs, row["runs"], strict=True):
            assert run.measured is not None
            assert (kept[at["median_us"]], kept[at["p95_us"]]) == (run.measured.median_us, run.measured.p95_us)
            assert kept[at["order"]] == run.position
            assert kept[at["purpose"]] == run.purpose
    first = data["rows"][0]["runs"][2]
    assert (first[at["temperature_after_c"]], first[at["clock_mhz"]], first[at["load_percent"]]) == (32, 2000, 2)


def test_runs_are_packed_by_columns_and_come_back_to_their_rows():
    details = [{"runs": [[1, "a"], [2, "b"]]}, {"runs": []}, {"runs": [[3, None]]}]
    packed = columns_of_runs(details)
    assert packed["run_columns"] == [(1, 2, 3), ("a", "b", None)]
    assert rows_with_runs(packed)["rows"] == details
    nothing = columns_of_runs([{"runs": []}])
    assert rows_with_runs(nothing)["rows"] == [{"runs": []}]


def test_beside_a_row_stand_its_provenance_and_the_commands_that_reproduce_it(text):
    row = pages.data_of(text)["rows"][0]
    facts = dict(row["facts"])
    assert pages.session()[0].workload.artifact.sha256 in facts["Artifact"]
    assert "b" * 64 in facts["Program"]
    assert ["Measure the session again", "mbench run"] in row["commands"]
    assert any("hostbench" in command for _, command in row["commands"])


def test_the_first_lines_say_how_jobs_ended_and_what_is_doubtful(cells):
    said = cells.text
    assert said.index("5 of 6 jobs ended well.") < said.index("Results")
    assert said.index("1 job: failed: timeout.") < said.index("Results")
    assert "no answer within 60 s" in said


def test_where_nothing_was_timed_nobody_says_that_nothing_is_doubtful():
    text = pages.cells_of(pages.page([phones.failed(sample.result())])).text
    assert "0 of 1 job ended well." in text
    assert "Nothing casts doubt" not in text
    assert "the fastest beyond doubt" not in text


def test_of_one_row_nobody_says_that_none_is_the_fastest():
    one = sample.result("mobilenet_v1_1.00_224_int8", [1000, 1010, 1020])
    two = sample.result("mobilenet_v1_0.50_224_int8", [1000, 1010, 1020], job="two")
    assert "Nothing casts doubt on a row." in pages.page([one])
    assert "the fastest beyond doubt" not in pages.page([one])
    assert "the fastest beyond doubt" in pages.page([one, two])


def test_a_long_name_of_a_device_leaves_room_in_the_first_lines():
    device = sample.DEVICE.model_copy(update={"serial": "s" * 61, "model": "m" * 60})
    said = pages.cells_of(pages.page([sample.result(device=device)])).text.partition("Results")[0]
    assert "s" * 61 not in said
    assert "[…]" in said
    assert "m" * 60 in said


def test_a_recorded_command_that_is_not_of_mbench_is_named_so():
    first = sample.result()
    foreign = first.provenance.model_copy(update={"command": ("rm", "-rf", "~")})
    row = pages.data_of(pages.page([first.model_copy(update={"provenance": foreign})]))["rows"][0]
    assert ["Recorded as its command, which is not mbench", "rm -rf '~'"] in row["commands"]
    assert all("Measure" not in what for what, _ in row["commands"])


def test_the_whole_foot_is_there(cells):
    for said in ("Binary: hostbench, runtime 2.3.0", "Artifacts (sha256):", "95 % bootstrap interval", "Intervals:"):
        assert said in cells.text


def test_a_page_says_how_it_was_made_and_how_to_make_it_again(cells):
    assert re.search(r"Written by mbench \S+, page format 1, documents of format 3", cells.text)
    assert "mbench report --format html" in cells.text


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([], "No results."),
        ([sample.result("mobilenet_v1_1.00_224_int8", [1000, 1010, 1020])], "there is no accuracy to draw"),
        ([sample.result("mobilenet_v1_1.00_224_int8")], "No run gave a latency."),
        ([phones.failed(sample.result())], "0 of 1 job ended well."),
    ],
    ids=["nothing", "one row without accuracy", "no latency", "nothing ok"],
)
def test_what_is_not_there_is_said(results, said):
    assert said in pages.cells_of(pages.page(results)).text


def test_a_session_of_which_everything_is_unknown_has_a_page():
    device = sample.DEVICE.model_copy(update=dict.fromkeys(("model", "soc", "os", "build", "abi", "cores")))
    facts = dict.fromkeys(("sha256", "size_bytes", "mult_adds", "parameters", "activation_bytes"))
    workload = sample.workload("file:mine@0123456789ab", **facts)
    run = sample.latency_run(None, measured={"p95_us": None}, init_us=None, delegates=(), cpus=None)
    result = sample.result(device=device, workload=workload, runs=(run,))
    found = pages.cells_of(pages.page([result]))
    row = dict(zip(found.names, found.rows[0], strict=True))
    assert [row[name][1] for name in ("latency_median_us", "size_bytes", "mult_adds", "delegate_nodes")] == ["?"] * 4


def test_a_run_without_a_median_counts_by_its_mean():
    run = sample.latency_run(None).model_copy(update={"measured": Phase(count=5, avg_us=1234.5)})
    text = pages.page([sample.result(runs=(run,))])
    assert pages.data_of(text)["rows"][0]["runs"][0][4] is None


def test_devices_that_must_not_be_compared_stand_in_tables_of_their_own():
    other = sample.DEVICE.model_copy(update={"serial": "other"})
    binary = sample.BINARY.model_copy(update={"sha256": "c" * 64, "tool": "tflite"})
    results = [
        sample.result(medians_us=[1000, 1010, 1020]),
        sample.result(medians_us=[1000, 1010, 1020], device=other, binary=binary),
    ]
    text = pages.page(results)
    assert text.count('<table class="results">') == 2
    assert "tflite" in pages.cells_of(text).text


def test_rows_beyond_the_first_are_there_for_who_has_no_script():
    results = [sample.result(f"file:m{place}@0123456789ab", [1000]) for place in range(FIRST_ROWS + 1)]
    text = pages.page(results)
    assert text.count("<tr id=") == FIRST_ROWS + 1
    before, _, rest = text.partition('<tbody class="rest">')
    assert before.count("<tr id=") == FIRST_ROWS
    assert rest.count("<tr id=") == 1


def test_as_many_rows_as_are_shown_at_first_have_one_part():
    results = [sample.result(f"file:m{place}@0123456789ab", [1000]) for place in range(FIRST_ROWS)]
    assert '<tbody class="rest">' not in pages.page(results)


def test_a_choice_is_offered_for_each_value_that_rows_have(text):
    for name, values in (("status", ["failed", "ok"]), ("delegate", ["cpu", "gpu"])):
        offered = re.search(rf'<select name="{name}">(.*?)</select>', text, re.DOTALL)
        assert offered is not None
        assert re.findall(r"<option>([^<]*)</option>", offered[1]) == values
    assert '<select name="device">' not in text  # there is but one


def test_a_rows_facets_are_places_among_the_choices(cells, text):
    keys = [found["data-k"] for tag, found in cells.tags if tag == "tr" and "data-k" in found]
    assert keys[:2] == ["1 0 0 0", "1 0 1 0"]
    assert keys[4] == "0 0 0 0"
    assert keys[5] == "1 0 0 -"  # a user's own file has no quantization


def test_status_ok_rows_are_not_marked_bad(cells):
    bad = [found["id"] for tag, found in cells.tags if tag == "tr" and found.get("class") == "bad"]
    assert bad == ["r4"]


def test_an_aborted_job_keeps_its_latency():
    aborted = sample.result(medians_us=[1000, 1010, 1020]).model_copy(
        update={"status": Status.ABORTED, "error_class": "interrupted"}
    )
    found = pages.cells_of(pages.page([aborted]))
    row = dict(zip(found.names, found.rows[0], strict=True))
    assert row["latency_median_us"][1].startswith("1.01")
    assert row["status"][1] == "aborted: interrupted"
