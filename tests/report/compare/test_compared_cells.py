"""Cells of two sides in pairs: the same phone first, then one that stands in for it, and nothing twice."""

import sample_phones as phones
import sample_results as sample
from compare_samples import pairs_of, side

from mbench.core.delegates import parse_delegate
from mbench.report.compare.cells import By, match_cells

FIRST, SECOND, THIRD = (phones.phone(number) for number in (1, 2, 3))
PIXEL_6 = phones.phone(4, phones.PIXEL_6)


def matched(old, new, by=By.SESSION, **names):
    return match_cells(side("old", old, **names), side("new", new), by=by)


def test_cells_of_the_same_phone_are_paired_and_others_stand_by_themselves():
    found = matched(phones.jobs([FIRST, SECOND], ["1.00", "0.50"]), phones.jobs([SECOND, FIRST], ["1.00", "0.25"]))
    assert pairs_of(found) == [
        ("mobilenet_v1_1.00_224_int8", "EMULATED02", "EMULATED02"),
        ("mobilenet_v1_1.00_224_int8", "EMULATED01", "EMULATED01"),
    ]
    assert [result.job for result in found.only_old] == ["job-0.50", "job-0.50"]
    assert [result.job for result in found.only_new] == ["job-0.25", "job-0.25"]


def test_a_phone_that_is_left_over_is_paired_with_the_only_other_one_of_its_model():
    found = matched(phones.jobs([FIRST, SECOND, PIXEL_6], ["1.00"]), phones.jobs([FIRST, THIRD], ["1.00"]))
    assert pairs_of(found)[1] == ("mobilenet_v1_1.00_224_int8", "EMULATED02", "EMULATED03")
    assert [result.device.serial for result in found.only_old] == ["EMULATED04"]


def test_of_two_that_are_left_over_nobody_knows_which_stands_in():
    found = matched(phones.jobs([FIRST, SECOND], ["1.00"]), phones.jobs([THIRD], ["1.00"]))
    assert (found.pairs, len(found.only_old), len(found.only_new)) == ((), 2, 1)


def test_single_phones_of_two_models_are_paired():
    found = matched(phones.jobs([FIRST], ["1.00"]), phones.jobs([PIXEL_6], ["1.00"]))
    assert pairs_of(found) == [("mobilenet_v1_1.00_224_int8", "EMULATED01", "EMULATED04")]


def test_other_delegates_and_threads_are_other_cells_unless_sides_are_chosen_by_them():
    cpu = sample.result(medians_us=(1, 2, 3))
    gpu = sample.result(medians_us=(1, 2, 3), workload=sample.workload(delegate=parse_delegate("gpu")))
    two = sample.result(medians_us=(1, 2, 3), workload=sample.workload(threads=2))
    assert matched([cpu], [gpu]).pairs == ()
    assert matched([cpu], [two]).pairs == ()
    assert len(matched([cpu], [gpu], By.DELEGATE).pairs) == 1
    assert matched([cpu], [gpu], By.THREADS).pairs == ()
    assert len(matched([cpu], [two], By.THREADS).pairs) == 1
    assert matched([cpu], [two], By.DELEGATE).pairs == ()


def test_the_last_of_two_results_of_a_cell_counts():
    first = sample.result(medians_us=(1000, 1000, 1000), session="20260115-093000-host-alpha-0001")
    second = sample.result(medians_us=(2000, 2000, 2000), session="20260115-093000-host-alpha-0002")
    found = matched([first, second], [first])
    assert (found.pairs[0].old, found.repeated) == (second, 1)


def test_a_users_own_file_is_paired_whatever_its_bytes_are_and_by_the_name_that_lasts():
    old = sample.result(workload=sample.workload("file:net@0123456789ab", sha256="1" * 64), medians_us=(1, 2, 3))
    new = sample.result(workload=sample.workload("file:net@ba9876543210", sha256="2" * 64), medians_us=(1, 2, 3))
    assert [name for name, *_ in pairs_of(matched([old], [new]))] == ["file:net"]
    other = sample.result(workload=sample.workload("file:other@ba9876543210", sha256="2" * 64), medians_us=(1, 2, 3))
    assert matched([old], [other]).pairs == ()
    lasting = {(old.session, old.job): "file:other"}
    assert [name for name, *_ in pairs_of(matched([old], [other], names=lasting))] == ["file:other"]


def test_two_files_of_one_name_on_one_side_are_told_apart_by_their_hashes():
    files = [
        sample.result(workload=sample.workload(f"file:net@{digit * 12}", sha256=digit * 64), medians_us=(1, 2, 3))
        for digit in "12"
    ]
    found = matched(files, files)
    assert [name for name, *_ in pairs_of(found)] == ["file:net@111111111111", "file:net@222222222222"]
    assert found.repeated == 0
