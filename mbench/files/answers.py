"""What a server's answer says about a file, and what its refusals mean."""

import base64
import binascii
import re
import socket
import ssl
import urllib.error
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from mbench.core.errors import ArtifactError
from mbench.core.numbers.numerals import whole
from mbench.core.workloads import Document

PASSING: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers that a later attempt may not get (RFC 9110, sections 15.5.9 and 15.6; RFC 6585, section 4)."""

_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+)")
_GOOG_MD5: Final = re.compile(r"\bmd5=([A-Za-z0-9+/]+={0,2})")


class Validators(Document):
    """What a server calls one state of a file (RFC 9110, section 8.8); None where it says nothing."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHead:
    """What an answer's headers say.

    Attributes:
        start: number of the first byte that comes.
        total_bytes: of the whole file, None where the server does not say.
        md5: of the whole file in hexadecimal, None where the server does not say.
    """

    start: int
    total_bytes: int | None
    md5: str | None
    validators: Validators


def parse_head(status: int, headers: Message) -> FileHead | None:
    """Return what the headers of a 200 or 206 answer say; None where a part comes that does not say which.

    `Content-Range: bytes 4096-7170631/7170632`
    """
    start, total = 0, headers["Content-Length"]
    if status == HTTPStatus.PARTIAL_CONTENT:
        found = _CONTENT_RANGE.fullmatch((headers["Content-Range"] or "").strip())
        if found is None:
            return None
        first = whole(found[1])
        if first is None:
            return None
        start, total = first, found[2]
    return FileHead(
        start=start,
        total_bytes=None if total is None else whole(total.strip()),
        md5=_parse_goog_md5(headers),
        validators=Validators(etag=headers["ETag"], last_modified=headers["Last-Modified"]),
    )


def range_validator(validators: Validators) -> str | None:
    """Return what `If-Range` may carry: a strong ETag, else the date; None: no resuming (RFC 9110, section 13.1.5)."""
    if validators.etag is not None and not validators.etag.startswith("W/"):
        return validators.etag
    return validators.last_modified


def refusal(url: str, error: urllib.error.HTTPError, *, published: str, by_hand: str) -> ArtifactError:
    """Return what an HTTP status means for a user; Google's storage says 403 where a file does not exist.

    Args:
        url: what was asked for.
        error: the answer.
        published: what exists, for addresses that do not.
        by_hand: how to do without the download, as a sentence.
    """
    answered = f"{url} could not be fetched: the server answered {error.code} {one_line(error.reason)}"
    if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.GONE):
        return ArtifactError(f"{answered}. It may not exist: {published}.")
    if error.code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return ArtifactError(f"{answered}. The proxy wants a name and password: https_proxy=http://NAME:PASSWORD@HOST.")
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ArtifactError(f"{answered}. Try again later.")
    return ArtifactError(f"{answered}. {by_hand}")


def unreachable(url: str, error: OSError | None, reason: object) -> ArtifactError:
    """Return why no server answered at all."""
    failed = f"{url} could not be fetched"
    host = urlsplit(url).hostname
    if isinstance(error, socket.gaierror):
        return ArtifactError(
            f"{failed}: the name {host} (or the proxy's) could not be resolved ({one_line(error.strerror)}). "
            "Check the network; behind a proxy set http_proxy and https_proxy."
        )
    if isinstance(error, ssl.SSLError):
        return ArtifactError(
            f"{failed}: {host} could not be trusted ({one_line(error)}). "
            "Where a proxy opens connections, let SSL_CERT_FILE name its certificates."
        )
    return ArtifactError(
        f"{failed}: {one_line(reason)}. Check the network; behind a proxy set http_proxy and https_proxy."
    )


def _parse_goog_md5(headers: Message) -> str | None:
    """Read Google's own header (docs.cloud.google.com/storage/docs/reference-headers).

    `x-goog-hash: crc32c=4gcgLQ==,md5=CS9tHYTtyFntzj7B9nkkJQ==`
    """
    found = _GOOG_MD5.search(",".join(headers.get_all("x-goog-hash", [])))
    if found is None:
        return None
    try:
        digest = base64.b64decode(found[1], validate=True)
    except binascii.Error:
        return None
    return digest.hex() if len(digest) == 16 else None


def one_line(reason: object) -> str:
    """Return what somebody else says without its line breaks."""
    return " ".join(str(reason).split())
