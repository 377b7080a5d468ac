"""`mbench farm certs`: how hosts, drivers and scheduler of a farm know each other; and what each has of that."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mbench.farm.certificates import Made, make_certificates
from mbench.farm.tls import Certificate, read_certificate

_LOG = logging.getLogger(__name__)


def certify(folder: Path, hosts: Sequence[str], *, days: int) -> tuple[Made, ...]:
    """Make what is missing of a farm's certificates: those of scheduler and driver, and of each host that is named.

    Raises:
        UsageError: a name fits no host, or the authority that is there cannot be used.
        DiskError: the folder cannot be written.
    """
    return make_certificates(folder, ["scheduler", "driver", *hosts], days=days, now=datetime.now(UTC))


def certificate_in(folder: Path | None) -> Certificate | None:
    """Return the certificate in a folder; that it is about to expire is logged.

    Raises:
        UsageError: it cannot be used.
    """
    if folder is None:
        return None
    now = datetime.now(UTC)
    certificate = read_certificate(folder, now=now)
    if warning := certificate.warning(now):
        _LOG.warning("%s", warning)
    return certificate
