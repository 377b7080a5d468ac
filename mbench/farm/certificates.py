"""Certificates of a farm: one authority, and one certificate for each host, driver and scheduler.

    DIR/ca/ca.pem, key.pem                  the authority; its key signs others and travels nowhere
    DIR/NAME/ca.pem, cert.pem, key.pem      what NAME is given: the whole folder is copied to that host

Every certificate of the authority may run code on every host of the farm, because parts travel as Python functions. So
keys are for their owner alone (0600), certificates expire, and nothing here is ever written over.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mbench.core.errors import UsageError
from mbench.files.disk import disk_errors
from mbench.files.regular import read_regular
from mbench.files.whole import write_new_folder

CA_FILE: Final = "ca.pem"
CERT_FILE: Final = "cert.pem"
KEY_FILE: Final = "key.pem"
AUTHORITY: Final = "ca"

DEFAULT_DAYS: Final = 365
AUTHORITY_DAYS: Final = 5 * 365
LONGEST_BYTES: Final = 1 << 16
"""Of a certificate or key: one of ours has less than 1 KiB."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")
_EARLY: Final = timedelta(minutes=10)
"""Certificates are good from a little before they were made: clocks of hosts differ."""
_OTHERWISE: Final = "name another folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One folder of a farm's certificates: whether it was made now, or was there and is left as it is."""

    name: str
    folder: Path
    new: bool


def make_certificates(folder: Path, names: Sequence[str], *, days: int, now: datetime) -> tuple[Made, ...]:
    """Make the authority where there is none, and a certificate for each name that has none.

    Args:
        folder: of the farm's certificates.
        names: `scheduler`, `driver`, names of hosts.
        days: how long new ones are good; never longer than their authority.
        now: aware time.

    Raises:
        UsageError: a name fits no host, or the authority that is there cannot be read or has expired.
        DiskError: the folder cannot be written.
    """
    for name in names:
        if not _NAME.fullmatch(name) or name == AUTHORITY:
            raise UsageError(
                f"{name!r} cannot name a certificate; letters, digits, dots and hyphens can, but not 'ca'."
            )
    with disk_errors("write certificates to", folder, otherwise=_OTHERWISE):
        authority = _authority(folder, now)
        return tuple(_certificate(folder, name, authority, days=days, now=now) for name in dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _authority(folder: Path, now: datetime) -> _Authority:
    path = folder / AUTHORITY
    if not path.is_dir():
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed("mbench farm", key, None, days=AUTHORITY_DAYS, now=now)
        write_new_folder(path, {CA_FILE: _pem(certificate), KEY_FILE: _key_pem(key)}, fsync=True, private=True)
    return _read_authority(path, now)


def _read_authority(path: Path, now: datetime) -> _Authority:
    try:
        certificate = x509.load_pem_x509_certificate(read_regular(path / CA_FILE, limit_bytes=LONGEST_BYTES))
        key = serialization.load_pem_private_key(read_regular(path / KEY_FILE, limit_bytes=LONGEST_BYTES), None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"the authority in {path} cannot be read ({error}); certificates are signed by its key."
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise UsageError(f"the key in {path} is not that of the certificate beside it; restore both from one copy.")
    if certificate.not_valid_after_utc <= now:
        raise UsageError(
            f"the authority in {path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}; begin a new folder and "
            "give every host of the farm its certificate of there."
        )
    return _Authority(certificate, key)


def _certificate(folder: Path, name: str, authority: _Authority, *, days: int, now: datetime) -> Made:
    path = folder / name
    if path.exists():
        return Made(name=name, folder=path, new=False)
    key = ec.generate_private_key(ec.SECP256R1())
    files = {
        CA_FILE: _pem(authority.certificate),
        CERT_FILE: _pem(_signed(name, key, authority, days=days, now=now)),
        KEY_FILE: _key_pem(key),
    }
    return Made(name=name, folder=path, new=write_new_folder(path, files, fsync=True, private=True))


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, by: _Authority | None, *, days: int, now: datetime
) -> x509.Certificate:
    """Return a certificate of a name: signed by an authority, or (`by` None) one that is an authority itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing = (subject, key) if by is None else (by.certificate.subject, by.key)
    until = now + timedelta(days=days)
    if by is not None:
        until = min(until, by.certificate.not_valid_after_utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=0 if by is None else None), critical=True)
        .add_extension(_usage(authority=by is None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if by is not None:  # agents and drivers both call and are called
        both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(both, critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(signing, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
