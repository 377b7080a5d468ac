"""A transport for what must be done although the link flaps: each step is repeated when the phone is back.

For steps that may be repeated alone: those by which a phone is taken and given back as it was found. A run is not one.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

from mbench.core.errors import DeviceLost
from mbench.core.ports import FilesRead
from mbench.devices.adb.transport import AdbTransport

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


class PatientTransport:
    """Keeps the promises of `mbench.core.ports.Transport`, and waits for a phone that is lost meanwhile.

    Every method is the transport's own, repeated as `again` says. `alive` alone asks once: it is how a loss is noticed.

    Args:
        transport: the way to the phone.
        wait: waits until it is back; raises DeviceLost where it stays away.
        most: how many times one step is repeated.
    """

    def __init__(self, transport: AdbTransport, *, wait: Callable[[DeviceLost], object], most: int) -> None:
        self._transport, self._wait, self._most = transport, wait, most
        self.serial, self.emulated, self.root = transport.serial, transport.emulated, transport.root
        self.push = self._repeated(transport.push)
        self.write = self._repeated(transport.write)
        self.sha256 = self._repeated(transport.sha256)
        self.pull = self._repeated(transport.pull)
        self.remove = self._repeated(transport.remove)
        self.run = self._repeated(transport.run)
        self.properties = self._repeated(transport.properties)
        self.alive = transport.alive

    def _repeated(self, method: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        @wraps(method)
        def repeated(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
            return self.again(lambda: method(*args, **kwargs))

        return repeated

    def again(self, step: Callable[[], Answer]) -> Answer:
        """Return what a step returns, repeated when the phone was lost meanwhile and is back.

        Raises:
            DeviceLost: it stays away, has been given up before, or is lost too often.
        """
        left = self._most
        while True:
            try:
                return step()
            except DeviceLost as error:
                if not left or self._transport.given_up:
                    raise
                left -= 1
                self._wait(error)

    def read_together(
        self,
        *,
        pulled: Sequence[str] = (),
        hashed: Sequence[str] = (),
        limit_bytes: int,
        then_remove: str | None = None,
    ) -> FilesRead:
        """Pull files and hash others; remove a directory in a step of its own, lest a repeated reading find it gone."""
        found = self.again(lambda: self._transport.read_together(pulled=pulled, hashed=hashed, limit_bytes=limit_bytes))
        if then_remove is not None:
            self.remove(then_remove)
        return found
