"""What one process of a farm shows the others: its certificate, checked before it is used, and the other's, tried.

distributed tells of a refused certificate by a timeout and a traceback; so everything that can be wrong is looked for
here first, and said in one line.
"""

import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from mbench.core.errors import NoDevice, UsageError
from mbench.farm.addresses import Address
from mbench.farm.certificates import CA_FILE, CERT_FILE, KEY_FILE, LONGEST_BYTES
from mbench.files.regular import read_regular

SAID_BEFORE: Final = timedelta(days=30)
"""How long before its end each start says that a certificate is about to expire."""

ANSWER_S: Final = 5.0
"""For a scheduler's first bytes; one on loopback needs a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A process' certificate, its key and its authority, all readable, of one another, and good now.

    Attributes:
        expires_at: when the first of the two certificates is no longer good.
    """

    folder: Path
    expires_at: datetime

    @property
    def ca(self) -> Path:
        """The authority's certificate."""
        return self.folder / CA_FILE

    @property
    def cert(self) -> Path:
        """Its own."""
        return self.folder / CERT_FILE

    @property
    def key(self) -> Path:
        """Its own key."""
        return self.folder / KEY_FILE

    def warning(self, now: datetime) -> str | None:
        """Return what is to be said of its end; None while that is far."""
        left = self.expires_at - now
        if left > SAID_BEFORE:
            return None
        return (
            f"the certificate in {self.folder} expires on {self.expires_at:%Y-%m-%d}, in {left.days} days: move that "
            "folder away where it was made, run `mbench farm certs` there again, and copy the new one here."
        )


def read_certificate(folder: Path, *, now: datetime) -> Certificate:
    """Return the certificate in a folder that `mbench farm certs` made.

    Raises:
        UsageError: something is missing, readable by others, expired, or not of one farm; the message says which.
    """
    ca, cert = _read(folder / CA_FILE), _read(folder / CERT_FILE)
    for name, one in ((CA_FILE, ca), (CERT_FILE, cert)):
        if one.not_valid_after_utc <= now:
            raise UsageError(
                f"{folder / name} expired on {one.not_valid_after_utc:%Y-%m-%d}; make another: mbench farm certs."
            )
        if one.not_valid_before_utc > now:
            raise UsageError(
                f"{folder / name} is good from {one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC, and this host's clock "
                f"says {now:%Y-%m-%d %H:%M}; is that right?"
            )
    try:
        cert.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        raise UsageError(f"{folder / CERT_FILE} was not signed by {folder / CA_FILE}: they are of two farms.") from None
    _check_key(folder / KEY_FILE, cert)
    return Certificate(folder=folder, expires_at=min(ca.not_valid_after_utc, cert.not_valid_after_utc))


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(read_regular(path, limit_bytes=LONGEST_BYTES))
    except OSError as error:
        raise UsageError(
            f"no certificate: {path}: {error.strerror or error}. --tls names a folder of `mbench farm certs`."
        ) from None
    except ValueError:
        raise UsageError(
            f"{path} is not a certificate in PEM; copy the folder that `mbench farm certs` made again."
        ) from None


def _check_key(path: Path, cert: x509.Certificate) -> None:
    try:
        mode = path.stat().st_mode & 0o777
        key = serialization.load_pem_private_key(read_regular(path, limit_bytes=LONGEST_BYTES), None)
    except OSError as error:
        raise UsageError(
            f"no key: {path}: {error.strerror or error}. --tls names a folder of `mbench farm certs`."
        ) from None
    except (ValueError, TypeError):
        raise UsageError(f"{path} is not a key in PEM; copy the folder that `mbench farm certs` made again.") from None
    if mode & 0o077:
        raise UsageError(
            f"{path} may be read by others (mode {mode:04o}); whoever has it runs code here: chmod 600 {path}"
        )
    if key.public_key() != cert.public_key():
        raise UsageError(f"{path} is not the key of {path.parent / CERT_FILE}; copy the whole folder again.")


def try_scheduler(address: Address, certificate: Certificate | None) -> None:
    """Connect to a scheduler as distributed will, and read its first byte: it speaks first to whom it takes.

    Raises:
        UsageError: one of the two does not take the other's certificate, or only one of them speaks TLS.
        NoDevice: nothing answers there.
    """
    try:
        connection = socket.create_connection((address.host, address.port), timeout=ANSWER_S)
    except OSError as error:
        raise NoDevice(
            f"no scheduler answers at {address}: {error.strerror or error}. Is `mbench farm scheduler` running there?"
        ) from None
    with closing(connection):
        try:
            if certificate is None:
                if not connection.recv(1):
                    raise NoDevice(f"{address}: what listens there is not a scheduler of mbench.")
                return
            with _context(certificate).wrap_socket(connection, server_hostname=address.host) as secured:
                if not secured.recv(1):
                    raise NoDevice(f"{address}: what listens there closes the connection; is it a scheduler of mbench?")
        except ssl.SSLError as error:
            raise UsageError(f"{address}: {_why(error, certificate)}") from None
        except TimeoutError:
            advice = " Does it want TLS? Then name it as tls://… with --tls." if certificate is None else ""
            raise NoDevice(f"{address}: what listens there has said nothing for {ANSWER_S:g} s.{advice}") from None
        except OSError as error:
            raise NoDevice(f"{address}: the connection broke: {error.strerror or error}.") from None


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate.ca))
    context.check_hostname = False  # every certificate of the farm's authority is trusted alike; hosts have many names
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


def _why(error: ssl.SSLError, certificate: Certificate | None) -> str:
    folder = "?" if certificate is None else certificate.folder
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the scheduler's certificate is not taken here ({error.verify_message}); it must come from the same "
            f"`mbench farm certs` folder as {folder}."
        )
    reason = (error.reason or str(error)).lower().replace("_", " ")
    if "alert" in reason:
        return (
            f"the scheduler does not take the certificate in {folder} ({reason}); it must come from the same "
            "`mbench farm certs` folder as the scheduler's."
        )
    if "record layer" in reason or "wrong version" in reason:
        return "what listens there does not speak TLS; a scheduler that others shall reach is started with --tls."
    return f"TLS failed ({reason})."
