"""What to do about a phone that does not answer as it should; no adbutils here, which takes long to import."""

from typing import Final

REMEDIES: Final = {
    "unauthorized": "Accept the dialog 'Allow USB debugging?' on its screen.",
    "lost": "Check its cable or network, then `adb devices`.",
    "frozen": "Unplug it and plug it in again, or restart it.",
    "full": "Remove something from its storage.",
    "server": "The adb server has ended; start it again with `adb start-server`.",
}
