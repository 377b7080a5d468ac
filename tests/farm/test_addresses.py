"""Which schedulers may be reached, and how."""

import pytest

from mbench.core.errors import UsageError
from mbench.farm.addresses import is_loopback, parse_address


@pytest.mark.parametrize(
    ("text", "tls", "means"),
    [
        ("tcp://127.0.0.1:9000", False, "tcp://127.0.0.1:9000"),
        ("127.0.0.1", False, "tcp://127.0.0.1:8786"),
        ("localhost:1", False, "tcp://localhost:1"),
        ("tcp://[::1]:5", False, "tcp://[::1]:5"),
        ("tls://lab-1:8786", True, "tls://lab-1:8786"),
        ("lab-1", True, "tls://lab-1:8786"),
        ("10.0.0.1:65535", True, "tls://10.0.0.1:65535"),
    ],
)
def test_an_address_is_read(text, tls, means):
    assert str(parse_address(text, tls=tls)) == means


@pytest.mark.parametrize("text", ["tcp://10.0.0.1:8786", "0.0.0.0:1", "tcp://[::]:1", "lab-1", "localhost.evil.org:1"])
def test_plain_tcp_to_another_machine_is_refused(text):
    with pytest.raises(UsageError, match="is refused: whoever reaches a scheduler"):
        parse_address(text, tls=False)


@pytest.mark.parametrize(
    ("text", "tls", "why"),
    [
        ("tls://lab-1:8786", False, "name its folder by --tls"),
        ("tcp://127.0.0.1:8786", True, "name it as tls://127.0.0.1:8786"),
        ("ws://lab-1", True, "not the address"),
        ("", False, "not the address"),
        ("127.0.0.1:0", False, "not the address"),
        ("127.0.0.1:65536", False, "not the address"),
        ("127.0.0.1:x", False, "not the address"),
    ],
)
def test_what_is_no_address_is_refused(text, tls, why):
    with pytest.raises(UsageError, match=why):
        parse_address(text, tls=tls)


def test_only_what_can_be_nothing_else_is_loopback():
    assert [is_loopback(host) for host in ("127.0.0.1", "127.255.0.3", "::1", "localhost")] == [True] * 4
    assert not any(is_loopback(host) for host in ("128.0.0.1", "0.0.0.0", "::", "", "loopback"))
