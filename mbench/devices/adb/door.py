"""One phone's shell behind an adb server: small scripts of ours, and what goes wrong with them as our errors."""

import time

from mbench.core.errors import DeviceLost, MissingTool, NoSpace, TransportError
from mbench.core.plain_text import ended
from mbench.devices.adb.errors import NO_SPACE, at_the_door
from mbench.devices.adb.identity import Identity
from mbench.devices.adb.remedies import REMEDIES
from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.shell import ShellEnd, lacking_tool, run_script
from mbench.devices.adb.sync import SMALL_S, UNKNOWN_FILE_S, quoted_path


class AdbDoor:
    """Lets a phone's shell run scripts.

    Attributes:
        server: the adb server that the phone is reached through.
        address: the phone as that server calls it.
        identity: what the phone said of itself when it was opened, or when it last came back.
        given_up: whether waiting for it has ended in vain; until it comes back, nothing is tried on it.
    """

    def __init__(self, server: AdbServer, address: str, identity: Identity) -> None:
        self.server, self.address, self.identity = server, address, identity
        self.given_up = False

    @property
    def serial(self) -> str:
        """The phone's own serial, the same over USB and TCP."""
        return self.identity.serial

    def script(
        self,
        text: str,
        what: str,
        *,
        timeout_s: float = SMALL_S,
        stall_s: float | None = None,
        limit_bytes: int = 1 << 20,
    ) -> ShellEnd:
        """Run a script to its end, whatever that is.

        Args:
            text: the script.
            what: it does, for messages.
            timeout_s: seconds after which the phone counts as frozen.
            stall_s: seconds of silence after which it does.
            limit_bytes: how much of each stream is kept.

        Raises:
            DeviceLost: no answer, or not all of it.
            TransportError: adb refused.
        """
        self.refuse_given_up(what)
        with at_the_door(self.serial, what):
            until = time.monotonic() + timeout_s
            return run_script(self.server, self.address, text, until=until, stall_s=stall_s, limit_bytes=limit_bytes)

    def refuse_given_up(self, what: str) -> None:
        """Raise at once what each further command would end in.

        Raises:
            DeviceLost: the phone has been given up.
        """
        if self.given_up:
            raise DeviceLost(f"{self.serial}: could not {what}: it did not come back. {REMEDIES['lost']}")

    def require(self, end: ShellEnd, what: str) -> None:
        """Raise where a script says by its status that it failed.

        Raises:
            NoSpace: for lack of storage.
            TransportError: for another reason.
        """
        if end.exit_code != 0 and NO_SPACE in end.words:
            raise NoSpace(f"{self.serial}: could not {what}: {end.words}. {REMEDIES['full']}")
        if end.exit_code != 0:
            if lack := lacking_tool(end.words):
                raise MissingTool(f"{self.serial}: could not {what}: {lack}")
            raise TransportError(f"{self.serial}: could not {what}: {ended(end.words)}")

    def remove(self, path: str) -> None:
        """Remove a file or a folder with all it holds."""
        end = self.script(f"rm -rf {quoted_path(path)}", f"remove {path}", timeout_s=UNKNOWN_FILE_S)
        self.require(end, f"remove {path}")
