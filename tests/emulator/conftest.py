import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from emit_mobilenet import emit_mobilenet

from mbench.core.errors import MbenchError
from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import pixel4
from mbench.emulator.pytest_plugin import (  # noqa: F401 - fixtures are used by their names
    adb_program,
    adb_server,
    emulated_phone,
    emulated_phones,
)

Adb = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session", params=["namespace", "rewrite"])
def phone_farm(request: pytest.FixtureRequest) -> Iterator[PhoneFarm]:
    """Every test runs in both views of a phone's paths."""
    try:
        farm = PhoneFarm(view=request.param)
    except MbenchError as error:
        pytest.skip(str(error))
    with farm:
        if request.param == "namespace" and not farm.namespace:
            pytest.skip("this system lets nobody make user namespaces")
        yield farm


@pytest.fixture(scope="session")
def lasting_phone(phone_farm: PhoneFarm, adb_server: AdbServer) -> Phone:  # noqa: F811
    """A phone that all tests share which do it no harm."""
    phone = phone_farm.start(pixel4("LASTING"))
    adb_server.connect(phone.address)
    return phone


@pytest.fixture
def phone(lasting_phone: Phone) -> Phone:
    """The shared phone with an empty /data/local/tmp; a module of harmful tests has one of its own."""
    for path in lasting_phone.path("/data/local/tmp").iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return lasting_phone


@pytest.fixture
def adb(adb_server: AdbServer, phone: Phone) -> Adb:  # noqa: F811
    """`adb -s PHONE ARGUMENTS`: status, stdout, stderr."""

    def run(*arguments: str, stdin: bytes = b"", timeout_s: float = 90.0) -> tuple[int, str, str]:
        done = adb_server.run("-s", phone.address, *arguments, stdin=stdin, timeout_s=timeout_s)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    return run


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MobileNet V1 at α = 0.25 and 128 px: 31 float operators, all of which XNNPACK takes."""
    path = tmp_path_factory.mktemp("model") / "mobilenet.tflite"
    path.write_bytes(emit_mobilenet(0.25, 128, seed=1))
    return path
