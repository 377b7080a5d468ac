"""Headers of HTTP answers that no honest server sends: a length that cannot be is none that was said."""

from email.message import Message

import pytest

from mbench.binaries.answers import parse_head

MANY = "9" * 5000


def headers(**fields: str) -> Message:
    message = Message()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize("length", [MANY, "-1", "٣", "1e9", ""])
def test_a_length_that_cannot_be_was_not_said(length: str) -> None:
    head = parse_head(200, headers(Content_Length=length))
    assert head is not None
    assert head.total_bytes is None


def test_a_range_of_endless_digits_says_nothing() -> None:
    assert parse_head(206, headers(Content_Range=f"bytes {MANY}-{MANY}/{MANY}")) is None
    head = parse_head(206, headers(Content_Range=f"bytes 4096-7170631/{MANY}"))
    assert head is not None
    assert (head.start, head.total_bytes) == (4096, None)
