"""What a broken or hostile device leaves in the small files around a run is unknown: nothing else comes of it."""

import pytest

from mbench.runner.device_scoring.script import parse_statuses
from mbench.runner.evidence import parse_cpu_list
from mbench.runner.script import parse_cpu_s, parse_exit_code

MANY = "9" * 5000


@pytest.mark.parametrize("said", [f"0-{MANY}", "0-99999999999", MANY, "٣"])
def test_endless_cores_are_no_list(said: str) -> None:
    assert parse_cpu_list(said) is None


def test_an_exit_status_of_endless_digits_is_none() -> None:
    assert parse_exit_code(f"{MANY}\n".encode()) is None
    assert parse_exit_code(b"137\r\n") == 137


def test_processor_time_of_endless_digits_is_unknown() -> None:
    assert parse_cpu_s(f"0m0.01s 0m0.00s\n{MANY}m2.91s 0m0.13s\n") is None
    assert parse_cpu_s(f"0m0.01s 0m0.00s\n0m{MANY}s 0m0.13s\n") is None
    assert parse_cpu_s("0m0.01s 1m0.00s\n0m2.91s 0m0.13s\n") == pytest.approx(63.05)


@pytest.mark.parametrize("line", [f"{MANY} 0", f"1 {MANY}", f"1 size:{MANY}", "١ 0"])
def test_statuses_end_before_one_of_endless_digits(line: str) -> None:
    assert parse_statuses(f"0 0\n{line}\n2 0\n", first=0) == ("0",)
