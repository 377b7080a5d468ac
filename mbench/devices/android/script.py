"""Many questions to a phone in one command: a shell script whose answers stand below marks."""

import re
from collections.abc import Mapping
from typing import Final

from mbench.core.errors import TransportError
from mbench.core.ports import Transport

_MARK: Final = "@@mbench "
_LAST: Final = "end"
_SECTION = re.compile(rf"^{re.escape(_MARK)}(\w+)\r?$", re.MULTILINE)


def ask(transport: Transport, questions: Mapping[str, str], *, what: str, deadline_s: float) -> dict[str, str]:
    """Run all questions in one command and return their answers by name; what failed answers with nothing.

    Args:
        transport: the way to the phone.
        questions: shell commands by name (a Python identifier each), asked in this order.
        what: is read, for the message.
        deadline_s: for all of them together.

    Raises:
        TransportError: the phone does not answer, or its answer is not whole.
    """
    end = transport.run(("sh", "-c", compose(questions)), deadline_s=deadline_s)
    answers = split(end.stdout.decode("utf-8", "replace"))
    if answers is None or not answers.keys() >= questions.keys():
        raise TransportError(
            f"{transport.serial}: could not read {what}: the answer was cut (exit status {end.exit_code}). "
            "Look whether the phone is still attached, and try again."
        )
    return answers


def compose(questions: Mapping[str, str]) -> str:
    """Return the script; errors of single questions are not shown and do not end it."""
    lines = [f"echo; echo '{_MARK}{name}'\n{{ {question}\n}} 2>/dev/null" for name, question in questions.items()]
    return "\n".join([*lines, f"echo; echo '{_MARK}{_LAST}'"])


def split(text: str) -> dict[str, str] | None:
    """Return the answers by name, None where the last mark is missing. What stands before the first is dropped."""
    parts = _SECTION.split(text)
    answers = dict(zip(parts[1::2], parts[2::2], strict=True))
    if _LAST not in answers:
        return None
    return {name: answer.replace("\r\n", "\n").strip("\n") for name, answer in answers.items() if name != _LAST}
