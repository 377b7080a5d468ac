"""Addresses of schedulers: plain TCP on loopback alone, TLS everywhere."""

import ipaddress
from dataclasses import dataclass
from typing import Final, Literal

from mbench.core.errors import UsageError
from mbench.core.numbers.numerals import whole

DEFAULT_PORT: Final = 8786
LOOPBACK: Final = "127.0.0.1"
_EXAMPLE: Final = "one looks like tls://lab-1:8786 or tcp://127.0.0.1:8786."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a scheduler listens."""

    protocol: Literal["tcp", "tls"]
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.protocol}://{host}:{self.port}"


def parse_address(text: str, *, tls: bool) -> Address:
    """Return the address of a text like `tls://lab-1:8786`; the protocol may be left out, and so may the port.

    Args:
        text: what was typed.
        tls: whether a certificate was named.

    Raises:
        UsageError: it is none, or plain TCP to another machine, or its protocol and the certificate do not go together.
    """
    protocol, there, rest = text.strip().partition("://")
    if not there:
        protocol, rest = ("tls" if tls else "tcp"), protocol
    if rest.startswith("["):
        host, _, tail = rest[1:].partition("]")
        port_text = tail.removeprefix(":")
    else:
        host, _, port_text = rest.partition(":")
    port = whole(port_text) if port_text else DEFAULT_PORT
    if not host or port is None or not 0 < port < 65536:
        raise UsageError(f"{text!r} is not the address of a scheduler; {_EXAMPLE}")
    if protocol == "tls":
        if not tls:
            raise UsageError(f"{text}: TLS needs a certificate; name its folder by --tls (see mbench farm certs).")
        return Address(protocol="tls", host=host, port=port)
    if protocol != "tcp":
        raise UsageError(f"{text!r} is not the address of a scheduler; {_EXAMPLE}")
    if tls:
        raise UsageError(f"{text}: plain TCP shows no certificate; with --tls name it as tls://{rest}.")
    refuse_plain(host)
    return Address(protocol="tcp", host=host, port=port)


def refuse_plain(host: str) -> None:
    """Refuse plain TCP on anything but loopback: who reaches a scheduler runs code on every host of the farm.

    Raises:
        UsageError: another machine could take part.
    """
    if not is_loopback(host):
        raise UsageError(
            f"plain TCP to {host} is refused: whoever reaches a scheduler runs code on all its hosts. Make certificates"
            " (mbench farm certs DIR) and name yours by --tls."
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's loopback by its very name; names that somebody resolves are not."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
