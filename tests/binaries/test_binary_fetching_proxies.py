"""Fetching through proxies, and from servers whose certificates are trusted or not."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from elf_samples import android_arm64
from fetching_lab import TFLITE, get, refused
from storage_server import Item, Proxying, Storage, serving

from mbench.binaries.library import BinaryLibrary
from mbench.files.downloads import Timeouts

pytestmark = pytest.mark.usefixtures("no_proxies")


def test_the_proxy_of_the_environment_is_used(
    storage: Storage, library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Proxying, behind=storage.url) as (proxy, server):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")

        record = get("http://storage.invalid", library, timeouts=Timeouts())

    assert library.path_of(record).read_bytes() == android_arm64()
    assert [path for path, _ in proxy.requests] == [f"http://storage.invalid{TFLITE}"]


def test_a_proxy_that_is_gone_is_one_line(
    storage: Storage, library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as (gone, _):
        url = gone.url
    monkeypatch.setenv("http_proxy", url)

    assert "behind a proxy set http_proxy and https_proxy" in refused(storage, library)


@pytest.mark.parametrize("proxy", ["http://host:port", "http:///nowhere", "http://[::1", "socks5://127.0.0.1:9"])
def test_a_proxy_that_is_no_address_is_one_line(
    storage: Storage, library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)

    assert "could not be fetched: " in refused(storage, library)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody trusts, with its key beside it, for all servers here."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this host")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        (
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"),
        ),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "certificate.pem"


@pytest.fixture
def secure_storage(certificate: Path) -> Iterator[tuple[Storage, Path]]:
    """A server with a certificate of its own; return the certificate too."""
    with serving() as (storage, server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_name("key.pem"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        storage.url = storage.url.replace("http:", "https:")
        storage.items[TFLITE] = Item(android_arm64())
        yield storage, certificate


def test_a_server_that_cannot_be_trusted_is_refused(
    secure_storage: tuple[Storage, Path], library: BinaryLibrary
) -> None:
    said = refused(secure_storage[0], library)

    assert "could not be trusted" in said
    assert "SSL_CERT_FILE" in said


def test_a_trusted_server_is_fetched_from(
    secure_storage: tuple[Storage, Path], library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, certificate = secure_storage
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    assert get(storage, library, timeouts=Timeouts()).source.startswith("https:")


def test_a_redirection_out_of_https_is_refused(
    secure_storage: tuple[Storage, Path], storage: Storage, library: BinaryLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure, certificate = secure_storage
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure.items[TFLITE] = Item(location=storage.url + TFLITE)

    assert "which is not https" in refused(secure, library)
    assert storage.requests == []
