"""One file over HTTP: patient, bounded, resumed where it was cut, and compared with its pin.

    FOLDER/NAME.part     what came so far
    FOLDER/NAME.json     a `Partial`: of which state of the file on the server

A part is gone on with only where the server shows, by the validator of RFC 9110 (sections 13.1.5 and 14), that the
file is still the one whose beginning lies here; otherwise it comes anew. Proxies are those of urllib's environment.
Only one process at a time may fetch into a part: callers hold a lock.
"""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import IO, BinaryIO, Final

from pydantic import ValidationError

from mbench.core.errors import ArtifactError, DiskError, DownloadFailed
from mbench.core.ports import Progress, SilentProgress
from mbench.core.workloads import Document
from mbench.files.answers import (
    PASSING,
    FileHead,
    Validators,
    one_line,
    parse_head,
    range_validator,
    refusal,
    unreachable,
)
from mbench.files.disk import disk_errors
from mbench.files.hashes import hash_file
from mbench.files.whole import write_whole

LIMIT_BYTES: Final = 1 << 30
"""What is fetched has some ten MB; whatever is a hundred times that is something else."""

_CHUNK_BYTES: Final = 1 << 16
_KIB: Final = 1024
_WEB_PAGE_STARTS: Final = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<!--")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a slow server is borne.

    Attributes:
        silence_s: without an answer or a byte for so long, the server is taken for dead.
        window_s: in each stretch of so many seconds `window_bytes` must come, else the download stands still.
        attempts: how often a download is tried that was cut or stood still; each goes on where the last one ended.
        pause_s: before the next attempt, where the server said that it cannot answer now.
    """

    silence_s: float = 30.0
    window_s: float = 60.0
    window_bytes: int = 1 << 16
    attempts: int = 3
    pause_s: float = 2.0


class Partial(Document):
    """Which state of which file a part is of."""

    url: str
    validators: Validators
    total_bytes: int | None


def default_opener() -> urllib.request.OpenerDirector:
    """Return an opener with the proxies that the environment names now (http_proxy, https_proxy, no_proxy)."""
    return urllib.request.build_opener(_HttpsStays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What is to be fetched, and how.

    Attributes:
        part: where it is written; its `Partial` lies beside it.
        what: it is, with its article, for messages: `a benchmark_model`.
        published: what exists, for the message where this does not.
        by_hand: how to do without the download, as a sentence.
        pin: SHA-256 that it must have; None takes any.
        accept: how to take another file than the pinned one, as a sentence.
        known: validators of the state that is already at hand: where it is still that, nothing comes.
        progress: reports KiB.
    """

    url: str
    part: Path
    what: str
    published: str
    by_hand: str
    pin: str | None = None
    accept: str = ""
    known: Validators | None = None
    opener: urllib.request.OpenerDirector = field(default_factory=default_opener)
    timeouts: Timeouts = Timeouts()
    progress: Progress = field(default_factory=SilentProgress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What came: a whole file, which lies in the download's part."""

    sha256: str
    size_bytes: int
    validators: Validators


class _Cut(Exception):
    """The download ended early; trying again is safe. The message says how."""

    advice = "Check the network and try again."
    pauses = False


class _Busy(_Cut):
    """The server is there and says that it cannot answer now."""

    advice = "Try again later."
    pauses = True


class _HttpsStays(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but not from https to http, where anybody could answer."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the next request."""
        if req.type == "https" and not newurl.lower().startswith("https:"):
            fp.close()
            raise urllib.error.URLError(f"it is redirected to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(job: Download) -> Arrived | None:
    """Fetch a file whole into `job.part`; None where it is still the one that is known.

    Raises:
        ArtifactError: it could not be fetched, and what came is kept where the server lets it be gone on with; or what
            came is a web page, or not what is pinned, and is dropped.
        DiskError: the disk refused; nothing is kept.
    """
    with disk_errors("write the download in", job.part.parent):
        job.part.parent.mkdir(parents=True, exist_ok=True)
    for left in reversed(range(job.timeouts.attempts)):
        try:
            validators = _attempt(job)
        except _Cut as cut:
            if not left:
                raise DownloadFailed(
                    f"{job.url} could not be fetched: {cut} ({job.timeouts.attempts} attempts). "
                    f"{_what_is_left(job)}{cut.advice}"
                ) from cut
            job.progress.note(f"{job.url}: {cut}; trying again")
            if cut.pauses:
                time.sleep(job.timeouts.pause_s)
        else:
            return None if validators is None else _verified(job, validators)
    raise AssertionError("at least one attempt is made")


def drop_part(part: Path) -> None:
    """Forget what came so far.

    Raises:
        OSError: the disk refused.
    """
    part.unlink(missing_ok=True)
    _partial_path(part).unlink(missing_ok=True)


def _verified(job: Download, validators: Validators) -> Arrived:
    with job.part.open("rb") as file:
        start = file.read(256)
    sha256 = hash_file(job.part, limit_bytes=None)
    if start.lstrip().lower().startswith(_WEB_PAGE_STARTS):
        reason = (
            f"{job.url} answered with a web page and not with {job.what}; a proxy or a network's login page may stand "
            f"in between. Open the address in a browser. {job.by_hand}"
        )
    elif job.pin not in (None, sha256):
        reason = (
            f"{job.url} is no longer what it was: it gives SHA-256 {sha256}, pinned is {job.pin}. Nothing is changed; "
            f"{job.accept}"
        )
    else:
        return Arrived(sha256=sha256, size_bytes=job.part.stat().st_size, validators=validators)
    drop_part(job.part)
    raise ArtifactError(reason)


def _attempt(job: Download) -> Validators | None:
    partial = _read_partial(job)
    try:
        answer = job.opener.open(_request(job, partial), timeout=job.timeouts.silence_s)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == HTTPStatus.NOT_MODIFIED and job.known is not None:
            return None
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and partial is not None:
            drop_part(job.part)
            raise _Cut("the file on the server is not as long as what was fetched of it") from error
        if error.code in PASSING:
            raise _Busy(f"the server answered {error.code} {one_line(error.reason)}") from error
        raise refusal(job.url, error, published=job.published, by_hand=job.by_hand) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise _Cut(f"no server answered for {job.timeouts.silence_s:g} s") from error
        cause = error.reason if isinstance(error.reason, OSError) else None
        raise unreachable(job.url, cause, error.reason) from error
    except (http.client.InvalidURL, ValueError) as error:
        raise unreachable(job.url, None, error) from error
    except TimeoutError as error:
        raise _Cut(f"the server said nothing for {job.timeouts.silence_s:g} s") from error
    except (http.client.HTTPException, OSError) as error:
        raise _broken(error) from error
    with answer:
        return _receive(job, partial, answer)


def _request(job: Download, partial: Partial | None) -> urllib.request.Request:
    headers = {"User-Agent": "mbench", "Accept-Encoding": "identity"}
    if partial is not None:
        headers["Range"] = f"bytes={job.part.stat().st_size}-"
        headers["If-Range"] = range_validator(partial.validators) or ""
    elif job.known is not None and job.known.etag is not None:
        headers["If-None-Match"] = job.known.etag
    elif job.known is not None and job.known.last_modified is not None:
        headers["If-Modified-Since"] = job.known.last_modified
    return urllib.request.Request(job.url, headers=headers)


def _receive(job: Download, partial: Partial | None, answer: http.client.HTTPResponse) -> Validators:
    head = parse_head(answer.status, answer.headers)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ArtifactError(f"{job.url} comes compressed although it was asked not to. {job.by_hand}")
    if head is not None and head.total_bytes is not None and head.total_bytes > LIMIT_BYTES:
        raise ArtifactError(f"{job.url} has {head.total_bytes} bytes, far too many for {job.what}; look what it is.")
    if answer.status == HTTPStatus.PARTIAL_CONTENT:
        if head is None or partial is None or not _goes_on(job.part, partial, head):
            drop_part(job.part)
            raise _Cut("the server sent another part of the file than was asked for")
    elif answer.status != HTTPStatus.OK or head is None:
        raise DownloadFailed(f"{job.url} could not be fetched: the server answered {answer.status}. Try again later.")
    else:
        _begin(job, head)
    _stream(job, head, answer)
    _check_arrived(job, head)
    return head.validators


def _goes_on(part: Path, partial: Partial, head: FileHead) -> bool:
    """Whether an answer is the rest of a part: it starts where that ends, and names the same state of the file."""
    if partial.total_bytes is not None and head.total_bytes != partial.total_bytes:
        return False
    return head.start == part.stat().st_size and range_validator(head.validators) == range_validator(partial.validators)


def _begin(job: Download, head: FileHead) -> None:
    with disk_errors("write the download in", job.part.parent):
        drop_part(job.part)
        partial = Partial(url=job.url, validators=head.validators, total_bytes=head.total_bytes)
        write_whole(_partial_path(job.part), partial.model_dump_json(indent=1).encode() + b"\n", fsync=False)


def _stream(job: Download, head: FileHead, answer: http.client.HTTPResponse) -> None:
    """Append what comes to the part; a disk that refuses leaves no part behind, which only fills it."""
    total_kib = None if head.total_bytes is None else -(-head.total_bytes // _KIB)
    job.progress.start(f"fetch {job.url.rsplit('/', 1)[-1]}, KiB", total_kib)
    job.progress.step(job.url, head.start // _KIB)
    try:
        with disk_errors("write the download in", job.part.parent), job.part.open("ab") as file:
            _append(job, head, answer, file)
    except (ArtifactError, DiskError):
        drop_part(job.part)
        raise
    finally:
        job.progress.finish()


def _append(job: Download, head: FileHead, answer: http.client.HTTPResponse, file: BinaryIO) -> None:
    written = head.start
    window_start, window_bytes = time.monotonic(), 0
    while head.total_bytes is None or written < head.total_bytes:
        chunk = _read(answer, job.timeouts)
        if not chunk:
            return
        file.write(chunk)
        job.progress.step(job.url, (written + len(chunk)) // _KIB - written // _KIB)
        written += len(chunk)
        window_bytes += len(chunk)
        if written > LIMIT_BYTES:
            raise ArtifactError(f"{job.url} sent more than {LIMIT_BYTES} bytes, far too many for {job.what}.")
        if time.monotonic() - window_start >= job.timeouts.window_s:
            if window_bytes < job.timeouts.window_bytes:
                raise _Cut(f"only {window_bytes} bytes came in {job.timeouts.window_s:g} s")
            window_start, window_bytes = time.monotonic(), 0


def _read(answer: http.client.HTTPResponse, timeouts: Timeouts) -> bytes:
    """Return what has come, without waiting for a full chunk."""
    try:
        return answer.read1(_CHUNK_BYTES)
    except TimeoutError as error:
        raise _Cut(f"no byte came for {timeouts.silence_s:g} s") from error
    except (http.client.HTTPException, OSError, OverflowError) as error:  # the last: a chunk larger than memory
        raise _broken(error) from error


def _broken(error: Exception) -> _Cut:
    return _Cut(f"the connection broke ({one_line(error) or type(error).__name__})")


def _check_arrived(job: Download, head: FileHead) -> None:
    size = job.part.stat().st_size
    if head.total_bytes is not None and size < head.total_bytes:
        raise _Cut(f"it was cut after {size} of {head.total_bytes} bytes")
    if head.total_bytes is not None and size > head.total_bytes:
        drop_part(job.part)
        raise _Cut(f"{size} bytes came where {head.total_bytes} were announced")
    if head.md5 is not None and _md5(job.part) != head.md5:
        drop_part(job.part)
        raise _Cut(f"what came is not what the server has (MD5 {head.md5} there)")


def _read_partial(job: Download) -> Partial | None:
    """Return what a part is of; one that cannot be gone on with is dropped."""
    with disk_errors("read the download in", job.part.parent):
        try:
            partial = Partial.model_validate_json(_partial_path(job.part).read_bytes())
        except (FileNotFoundError, ValidationError):
            partial = None
        size = job.part.stat().st_size if job.part.exists() else 0
        if partial is not None and size and partial.url == job.url and range_validator(partial.validators) is not None:
            return partial
        drop_part(job.part)
    return None


def _what_is_left(job: Download) -> str:
    return "" if _read_partial(job) is None else f"{job.part.stat().st_size} bytes are kept to go on from. "


def _partial_path(part: Path) -> Path:
    return part.with_suffix(".json")


def _md5(path: Path) -> str:
    """Return what the server's checksum is compared with; it guards against damage, not against malice."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
