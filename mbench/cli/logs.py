"""Log lines on stderr, cleaned like all that is printed; imported when a command begins, not for its help."""

import logging
import sys
from typing import Any

from mbench.core.plain_text import one_line, plain_lines


def log_to_stderr(level: int) -> None:
    """Let mbench's own log lines of a level or above go to stderr, of others' warnings and worse."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_CleanFormatter("mbench: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("mbench").setLevel(level)


class _CleanFormatter(logging.Formatter):
    """One line for a message, whatever is quoted in it; below it a traceback, where one was asked for."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name is logging's
        return one_line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return plain_lines(super().formatException(ei))
