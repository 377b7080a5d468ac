"""Several devices in one table: what they share, what keeps them apart, and how many lines that takes."""

import pytest
import sample_phones as phones
import sample_results as sample
import sample_scores as scored

from mbench.core.results import JobResult, MeasurementWarning, Status, WarningCode
from mbench.core.workloads import RunSettings
from mbench.report.render.markdown import display_width, table_markdown
from mbench.report.render.text_table import Style, TableValues
from mbench.report.results.conditions.provenance import comparable, fingerprint, group_by_table, may_share_table
from mbench.report.results.report import report_markdown
from mbench.report.results.tables.all_tables import MOST_ROWS, result_tables

FIFTY = [phones.phone(number) for number in range(1, 51)]
THREE = FIFTY[:3]
ONE, TWO = phones.job(FIFTY[0]), phones.job(FIFTY[1])
SLOW = MeasurementWarning(code=WarningCode.BUSY, message="others used 12% of all cores", advice="close them")


def the_table(results: list[JobResult]) -> TableValues:
    (table,) = result_tables(results)
    return table


def column(table: TableValues, header: str) -> list[str]:
    place = [each.header for each in table.columns].index(header)
    return [line[place].text for line in table.rows]


def lines_of(markdown: str, width: int = 120) -> int:
    return sum(max(1, -(-display_width(line) // width)) for line in markdown.splitlines())


def changed(result: JobResult, part: str, **changes) -> JobResult:
    return result.model_copy(update={part: getattr(result, part).model_copy(update=changes)})


# What shares a table


@pytest.mark.parametrize(
    "facts",
    [{}, {"model": "x"}, {"soc": "x"}, {"os": "x"}, {"build": "x"}, {"cores": 4}, {"abi": "x"}, {"profile": "x"}],
    ids=str,
)
def test_which_device_it_is_splits_no_table(facts):
    assert len(group_by_table([ONE, changed(TWO, "device", **facts)])) == 1


@pytest.mark.parametrize(
    ("other", "heading"),
    [
        (changed(TWO, "binary", sha256="d" * 64), "binary dddddddddddd"),
        (changed(TWO, "binary", tool="litert"), "litert"),
        (changed(TWO, "binary", runtime="2.4"), "runtime 2.4"),
        (changed(TWO, "binary", companions={"a.so": "c" * 64}), "with a.so cccccccccccc"),
        (changed(TWO, "device", emulated=False), "not emulated"),
        (changed(TWO, "device", invented=False), "measured latencies"),
        (changed(TWO, "provenance", host="laptop"), "emulated by laptop"),
        (changed(TWO, "provenance", mbench="0.2.0"), "mbench 0.2"),
        (changed(TWO, "rules", governor="powersave"), "governor powersave"),
        (changed(TWO, "rules", cpus=None), "not pinned"),
        (changed(TWO, "rules", cpus=(7,)), "pinned to core 7"),
        (
            changed(TWO, "workload", settings=RunSettings(num_runs=9)),
            "warm-up ≥ 5 inferences and ≥ 0.3 s, measured ≥ 9 and ≥ 0.5 s, at most 60 s each",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_was_measured_otherwise_on_another_phone_stands_in_another_table(other, heading):
    groups = group_by_table([ONE, other])
    assert [group.results for group in groups] == [(ONE,), (other,)]
    assert groups[1].heading == f"EMULATED02; {heading}"


def test_two_models_are_pinned_to_cores_of_their_own():
    other = phones.job(phones.phone(2, phones.PIXEL_6), rules=phones.RULES.model_copy(update={"cpus": (5, 4)}))
    assert len(group_by_table([ONE, other])) == 1
    assert len(group_by_table([ONE, changed(other, "rules", cpus=None)])) == 2


def test_phones_of_an_unknown_model_are_of_the_model_of_their_profile():
    nameless = [changed(result, "device", model=None) for result in (ONE, TWO)]
    assert not may_share_table(comparable(nameless[0]), comparable(changed(nameless[1], "rules", cpus=(7,))))


def test_one_phone_with_two_builds_stands_in_two_tables():
    updated = changed(ONE, "device", build="later")
    groups = group_by_table([ONE, TWO, updated])
    assert [group.results for group in groups] == [(ONE, TWO), (updated,)]
    assert [group.heading for group in groups] == [
        f"EMULATED01, EMULATED02; build {phones.PIXEL_4.build}",
        "EMULATED01; build later",
    ]


def test_headings_are_different_where_no_fact_tells_tables_apart():
    swapped = [changed(ONE, "device", build="b"), changed(TWO, "device", build="a")]
    first = [changed(ONE, "device", build="a"), changed(TWO, "device", build="b")]
    third = [changed(ONE, "device", build="c"), changed(TWO, "device", build="d")]
    headings = [group.heading for group in group_by_table([*first, *swapped, *third])]
    assert headings == ["EMULATED01, EMULATED02", "EMULATED01, EMULATED02 (2)", "EMULATED01, EMULATED02 (3)"]


def test_a_heading_counts_more_than_three_devices():
    other = [changed(phones.job(device), "binary", sha256="d" * 64) for device in FIFTY[:4]]
    headings = [group.heading for group in group_by_table([*map(phones.job, THREE), *other])]
    assert headings == ["EMULATED01, EMULATED02, EMULATED03; binary bbbbbbbbbbbb", "4 devices; binary dddddddddddd"]


def test_results_of_a_table_keep_their_order():
    results = [phones.job(device, alpha) for alpha in ("1.00", "0.50") for device in THREE]
    assert group_by_table(results)[0].results == tuple(results)


def test_rows_for_machines_are_told_apart_as_before():
    assert fingerprint(comparable(ONE)) != fingerprint(comparable(TWO))


# Few phones: a row a job


def test_three_phones_are_one_table_with_a_column_of_devices_and_the_median_below():
    table = the_table(phones.jobs(THREE, ("1.00", "0.50")))
    assert column(table, "Device") == ["EMULATED01", "EMULATED02", "EMULATED03", "median of 3"] * 2
    assert column(table, "Latency (ms)") == [
        "40.37 [40.33, 40.43]",
        "40.41 [40.37, 40.47]",
        "40.444 [40.404, 40.504]",
        "40.4 (40.4–40.4)",
        "20.37 [20.33, 20.43]",
        "20.407 [20.367, 20.467]",
        "20.44 [20.40, 20.50]",
        "20.4 (20.4–20.4)",
    ]
    assert column(table, "File (MB)") == ["4.46"] * 8
    assert column(table, "Runs") == ["3", "3", "3", ""] * 2


def test_three_phones_of_two_variants_fit_a_screen():
    assert lines_of(report_markdown(phones.jobs(THREE, ("1.00", "0.50"))), 200) <= 24


def test_one_device_has_neither_column_nor_median():
    table = the_table([ONE, phones.job(FIFTY[0], "0.50")])
    assert "Device" not in [each.header for each in table.columns]
    assert len(table.rows) == 2


def test_the_fastest_is_marked_on_each_device_and_no_median_is():
    table = the_table(phones.jobs(THREE, ("1.00", "0.50"))[::-1])
    strong = [line[1].text for line in table.rows if any(cell.style is Style.STRONG for cell in line)]
    assert strong == ["EMULATED03", "EMULATED02", "EMULATED01"]


def real(result: JobResult) -> JobResult:
    return changed(result, "device", invented=False)


def test_a_phone_that_is_faster_than_another_is_no_winner():
    results = [
        real(phones.job(device, medians_us=[us] * 3)) for device, us in zip(THREE, (9000, 5000, 7000), strict=True)
    ]
    assert all(cell.style is Style.PLAIN for line in the_table(results).rows for cell in line)


def test_a_failed_phone_leaves_the_median_and_its_count():
    results = phones.jobs(THREE, ("1.00",))
    results[0] = phones.failed(results[0])
    table = the_table(results)
    assert column(table, "Device")[-1] == "median of 2"
    assert column(table, "Latency (ms)")[0] == "failed: timeout"
    assert table.footnotes == ("(1) failed: timeout, EMULATED01: benchmark_model did not answer within 60 s.",)


def test_a_latency_of_wrong_outputs_is_in_no_median():
    wrong = MeasurementWarning(code=WarningCode.OUTPUT_DIFFERS, message="its outputs differ")
    results = phones.jobs(THREE, ("1.00",))
    results[1] = phones.job(THREE[1], medians_us=[10] * 3, warnings=(wrong,))
    assert column(the_table(results), "Device")[-1] == "median of 2"
    assert column(the_table(results), "Latency (ms)")[-1] == "40.4 (40.4–40.4)"


def test_a_job_that_was_aborted_is_in_no_median():
    results = phones.jobs(THREE, ("1.00",))
    results[1] = phones.job(THREE[1], medians_us=[10] * 3, status=Status.ABORTED)
    assert column(the_table(results), "Device")[-1] == "median of 2"
    assert column(the_table(results), "Latency (ms)")[1].startswith("aborted: ")


def test_none_ok_has_no_median():
    table = the_table([phones.failed(result) for result in phones.jobs(THREE, ("1.00",))])
    assert column(table, "Device") == ["EMULATED01", "EMULATED02", "EMULATED03"]
    assert table.footnotes[0].startswith("(1) failed: timeout, mobilenet_v1_1.00_224_int8 on all devices: ")


def test_two_models_have_medians_of_their_own():
    models = [phones.PIXEL_4, phones.PIXEL_6, phones.PIXEL_4, phones.PIXEL_6, phones.PIXEL_6]
    devices = [phones.phone(number, model) for number, model in enumerate(models, start=1)]
    table = the_table(phones.jobs(devices, ("1.00",)))
    assert column(table, "Device") == [
        *("EMULATED01", "EMULATED03", "Pixel 4: median of 2"),
        *("EMULATED02", "EMULATED04", "EMULATED05", "Pixel 6: median of 3"),
    ]
    first, second = (line for line in table.foot if line.startswith("Device"))
    assert first == (
        "Devices: EMULATED01, EMULATED03 (profile pixel4): model Pixel 4, SoC SM8150, OS Android 13, build "
        f"{phones.PIXEL_4.build}, ABI arm64-v8a, cores 8."
    )
    assert second == (
        "Devices: EMULATED02, EMULATED04, EMULATED05 (profile pixel6): model Pixel 6, SoC Tensor, OS Android 13, build "
        f"{phones.PIXEL_6.build}, ABI arm64-v8a, cores 8."
    )


def test_the_foot_says_once_what_is_common_and_by_serial_what_differs():
    devices = [*FIFTY[:3], phones.phone(4, build="X", cores=None), phones.phone(5, build="X")]
    (line,) = (line for line in the_table(phones.jobs(devices, ("1.00",))).foot if line.startswith("Devices: "))
    assert line == (
        "Devices: 5 phones (profile pixel4): model Pixel 4, SoC SM8150, OS Android 13, ABI arm64-v8a; "
        f"build {phones.PIXEL_4.build}, but X on EMULATED04, EMULATED05; cores 8, but ? on EMULATED04."
    )


def test_many_builds_are_counted():
    devices = [phones.phone(number, build=f"B{number}") for number in range(1, 8)]
    (line,) = (line for line in the_table(phones.jobs(devices, ("1.00",))).foot if line.startswith("Devices: "))
    assert "build B1, but B2 on EMULATED02, B3 on EMULATED03, B4 on EMULATED04, others on 3 more" in line


def test_cores_are_said_by_model():
    pinned = phones.job(phones.phone(2, phones.PIXEL_6), rules=phones.RULES.model_copy(update={"cpus": (5,)}))
    runs = tuple(run.model_copy(update={"cpus": "5"}) for run in pinned.runs)
    foot = the_table([ONE, pinned.model_copy(update={"runs": runs})]).foot
    assert any("; Pixel 4 pinned to core 2; Pixel 6 pinned to core 5; seed 7." in line for line in foot)


def test_a_doubt_names_whole_devices_and_whole_workloads():
    noted = {("EMULATED01", "1.00"), ("EMULATED01", "0.50"), ("EMULATED02", "0.50"), ("EMULATED03", "0.50")}
    results = [
        phones.job(device, alpha, warnings=(SLOW,) if (device.serial, alpha) in noted else ())
        for device in THREE
        for alpha in ("1.00", "0.50")
    ]
    (line,) = the_table(results).footnotes
    assert line == (
        "(1) busy, mobilenet_v1_0.50_224_int8 on all devices, EMULATED01 mobilenet_v1_1.00_224_int8: "
        "others used 12% of all cores. Advice: close them."
    )


def test_doubts_of_many_phones_are_counted():
    def busy(number: int) -> MeasurementWarning:
        return SLOW.model_copy(update={"message": f"others used {number}% of all cores"})

    results = [phones.job(device, warnings=(busy(number),)) for number, device in enumerate(FIFTY[:9])]
    (line,) = the_table([*results, phones.job(FIFTY[9])]).footnotes
    assert line.count("others used") == 4
    assert line.endswith("; and 5 more. Advice: close them.")


# Accuracy


def scored_job(device, alpha: str = "1.00", wrong: int = 3, place: str = "host") -> JobResult:
    result = phones.job(device, alpha)
    sha256 = result.workload.artifact.sha256
    score = scored.score(scored.hits_but(range(wrong)), sha256, place=place)
    return result.model_copy(update={"scores": (score,)})


def test_a_score_of_the_host_is_said_once():
    table = the_table([scored_job(device) for device in THREE])
    assert column(table, "Top-1 (%)") == ["99.2 [97.6, 99.7]"] * 3 + [""]
    assert len([line for line in table.foot if line.startswith("Accuracy")]) == 1


def test_scores_of_devices_that_differ_keep_their_serials():
    table = the_table(
        [scored_job(device, wrong=wrong, place="device") for device, wrong in zip(THREE, (3, 3, 9), strict=True)]
    )
    assert column(table, "Top-1 (%)")[:3] == ["99.2 [97.6, 99.7]"] * 2 + ["97.5 [95.3, 98.7]"]


def test_of_mixed_accuracy_each_phone_has_its_own():
    results = [scored_job(THREE[0]), scored_job(THREE[1], wrong=9, place="device"), phones.job(THREE[2])]
    table = the_table(results)
    assert column(table, "Top-1 (%)") == ["99.2 [97.6, 99.7]", "97.5 [95.3, 98.7]", "?", ""]
    assert any(line.startswith("Accuracy: ") for line in table.foot)
    assert any(line.startswith("EMULATED02: Accuracy on device: ") for line in table.foot)


def test_a_foot_of_many_devices_counts_what_it_does_not_say():
    results = [scored_job(device, wrong=number, place="device") for number, device in enumerate(FIFTY[:9])]
    named = []
    for number, result in enumerate(results):
        (score,) = result.scores
        partly = score.model_copy(update={"scored": 359, "failed": (f"p{number}",)})
        named.append(result.model_copy(update={"scores": (partly,)}))
    about = [line for line in the_table(named).foot if "counted as wrong" in line or "more about" in line]
    assert len(about) == 5
    assert about[-1] == "Accuracy on device: 5 lines more about single devices; --format json has each score."


# Many phones: a grid


def test_as_many_jobs_as_a_screen_bears_have_a_row_each_and_one_more_makes_a_grid():
    results = phones.jobs(FIFTY[:6])
    assert len(results) == MOST_ROWS
    assert the_table(results).columns[0].header == "Variant"
    assert the_table([*results, phones.job(FIFTY[6])]).columns[0].header == "Device"


def test_fifty_phones_of_four_variants_are_one_grid():
    table = the_table(phones.jobs(FIFTY))
    assert table.title == "Latency (ms) of mobilenet_v1_…_224_int8"
    assert [each.header for each in table.columns] == ["Device", "1.00", "0.75", "0.50", "0.25"]
    assert [line[0].text for line in table.rows] == [
        *("sha256", "File (MB)", "median of 50"),
        *(device.serial for device in FIFTY),
    ]
    assert [cell.text for cell in table.rows[2]][1:] == [
        *("40.4 (40.0–40.6)", "30.4 (30.0–30.6)", "20.4 (20.0–20.6)", "10.4 (10.0–10.6)"),
    ]
    assert [cell.text for cell in table.rows[3]][1:] == ["40.37 ±0.06", "30.37 ±0.06", "20.37 ±0.06", "10.37 ±0.06"]


def test_fifty_phones_of_four_variants_take_at_most_seventy_lines():
    results = phones.jobs(FIFTY)
    results[7] = phones.failed(results[7])
    results[9] = results[9].model_copy(update={"warnings": (SLOW,)})
    markdown = report_markdown(results)
    assert lines_of(markdown) <= 70
    assert max(display_width(line) for line in markdown.splitlines() if line.startswith("|")) <= 120


def test_real_phones_of_two_builds_take_no_more():
    devices = [phones.phone(n, emulated=False, invented=False, build="A" if n % 7 else "B") for n in range(1, 51)]
    results = phones.jobs(devices)
    results[7] = phones.failed(results[7])
    assert lines_of(report_markdown(results)) <= 70


@pytest.mark.parametrize(
    "facts", [{}, {"invented": False}, {"invented": False, "emulated": False}], ids=["synthetic", "emulated", "real"]
)
def test_fifty_phones_of_two_models_take_no_more(facts):
    models = [phones.PIXEL_6 if number % 3 else phones.PIXEL_4 for number in range(1, 51)]
    results = phones.jobs([phones.phone(number, model, **facts) for number, model in enumerate(models, start=1)])
    results[7] = phones.failed(results[7])
    results[9] = results[9].model_copy(update={"warnings": (SLOW,)})
    assert lines_of(report_markdown(results)) <= 70


def test_what_two_models_have_in_common_stands_once_in_a_grid():
    devices = [phones.phone(n, phones.PIXEL_6 if n > 8 else phones.PIXEL_4) for n in range(1, 10)]
    devices[0] = devices[0].model_copy(update={"abi": "x86_64"})
    (line,) = (line for line in the_table(phones.jobs(devices)).foot if line.startswith("Device"))
    assert line == (
        f"Devices: 8 phones (profile pixel4): model Pixel 4, SoC SM8150, build {phones.PIXEL_4.build}; ABI arm64-v8a, "
        f"but x86_64 on EMULATED01; EMULATED09 (profile pixel6): model Pixel 6, SoC Tensor, build "
        f"{phones.PIXEL_6.build}, ABI arm64-v8a; all: OS Android 13, cores 8."
    )


def test_a_failed_job_keeps_its_place_and_its_mark_in_the_grid():
    results = phones.jobs(FIFTY)
    results[1] = phones.failed(results[1])
    table = the_table(results)
    assert [cell.text for cell in table.rows[3]] == [
        "EMULATED01",
        "40.37 ±0.06",
        "failed: timeout",
        "20.37 ±0.06",
        "10.37 ±0.06",
        "1",
    ]
    assert table.rows[3][2].style is Style.BAD
    assert table.rows[2][0].text == "median of 49 to 50"
    assert table.footnotes == (
        "(1) failed: timeout, EMULATED01 mobilenet_v1_0.75_224_int8: benchmark_model did not answer within 60 s.",
    )


def test_a_job_that_a_phone_does_not_have_does_not_exist():
    results = phones.jobs(FIFTY)[:-1]
    assert the_table(results).rows[-1][4].text == "–"


def test_a_grid_of_two_models_has_their_medians_above_their_phones():
    devices = [phones.phone(n, phones.PIXEL_6 if n > 8 else phones.PIXEL_4) for n in range(1, 10)]
    names = [line[0].text for line in the_table(phones.jobs(devices)).rows]
    assert names[2] == "Pixel 4: median of 8"
    assert names[-1] == "EMULATED09 (Pixel 6)"


def test_a_grid_marks_the_fastest_of_each_phone_only_where_nothing_is_in_doubt():
    results = [real(result) for result in phones.jobs(FIFTY)]
    results[0] = results[0].model_copy(update={"warnings": (SLOW,)})
    strong = [sum(cell.style is Style.STRONG for cell in line) for line in the_table(results).rows]
    assert strong == [0, 0, 0, 0] + [1] * 49
    assert all(line[4].style is Style.STRONG for line in the_table(results).rows[4:])


def test_a_grid_has_the_accuracy_of_files_once_and_of_devices_as_a_range():
    alphas = ("1.00", "0.50")
    results = [scored_job(device, alpha) for device in FIFTY[:20] for alpha in alphas]
    grid = the_table(results)
    assert [cell.text for cell in grid.rows[2]] == ["Top-1 (%)", "99.2 [97.6, 99.7]", "99.2 [97.6, 99.7]"]
    results[0] = scored_job(FIFTY[0], "1.00", wrong=9, place="device")
    results[3] = phones.job(FIFTY[1], "0.50")
    mixed = the_table(results)
    assert [cell.text for cell in mixed.rows[2]] == ["Top-1 (%)", "97.5–99.2", "99.2 [97.6, 99.7], ?"]
    said = "Accuracies with a dash: the lowest and the highest of the devices."
    assert (said in mixed.foot, said in grid.foot) == (True, False)


def test_workloads_that_share_a_name_are_told_apart_above_the_grid():
    def job(device, delegate: str, sha256: str) -> JobResult:
        result = phones.job(device)
        artifact = result.workload.artifact.model_copy(update={"sha256": sha256})
        return changed(result, "workload", artifact=artifact)

    results = [job(device, "cpu", sha256 * 64) for device in FIFTY[:20] for sha256 in "ab"]
    assert [each.header for each in the_table(results).columns] == [
        "Device",
        "mobilenet_v1_1.00_224_int8 aaaaaaaaaaaa",
        "mobilenet_v1_1.00_224_int8 bbbbbbbbbbbb",
    ]


def test_two_results_of_one_workload_on_one_phone_keep_a_row_each():
    results = [*phones.jobs(FIFTY[:8]), phones.job(FIFTY[0], session="later")]
    assert len(the_table(results).rows) >= 33


def test_a_wide_name_keeps_every_line_equally_wide():
    devices = [phones.phone(number, serial=f"電話{number}") for number in range(1, 31)]
    lines = [line for line in table_markdown(the_table(phones.jobs(devices))).splitlines() if line.startswith("|")]
    assert len({display_width(line) for line in lines}) == 1


def test_results_of_the_host_read_as_before():
    (table,) = result_tables([sample.result(medians_us=[10_000] * 3)])
    assert [each.header for each in table.columns][:2] == ["Variant", "Params (M)"]
    assert table.title is None
