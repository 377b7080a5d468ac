"""Failures by their texts: which class an error line belongs to, and which line tells a person most.

The texts are those of LiteRT `tflite/tools/benchmark`, `tflite/core`, of Android's and glibc's linkers and of sh.
Not every line marked ERROR is a failure: the GPU delegate lists what it leaves to the CPU that way and goes on.
"""

import re
from collections.abc import Iterator, Sequence

from mbench.core.error_classes import DELEGATE, ENVIRONMENT, INVOKE, IO, LAUNCH, MODEL, OUTPUT, USAGE, ErrorClass
from mbench.runner.output.lines import Line

FAILED_LINE = "Benchmarking failed."

_LAUNCH = re.compile(
    r"CANNOT LINK EXECUTABLE|error while loading shared libraries|can't execute|cannot execute|not executable"
    r"|inaccessible or not found|not found|Permission denied|Exec format error|No such file or directory"
    r"|Text file busy|Is a directory|syntax error|Bus error|Illegal instruction|dyld"
)
_CLASSES: tuple[tuple[ErrorClass, re.Pattern[str]], ...] = (
    (LAUNCH, re.compile(r"The LiteRT runtime cannot be loaded")),
    (
        OUTPUT,  # hostbench's own faults: no file is to blame for them
        re.compile(
            r"hostbench itself failed|Cannot tell what the delegate executes|^Traceback \(most recent call last\)"
        ),
    ),
    (
        USAGE,
        re.compile(
            r"Failed to parse flag|Please specify the name of your TF Lite input file|usage: |Output mode ?\S* is not "
            r"supported|must match the number of items|contains -1|-1's|should have \d+ dimensions|-> Signature Key: "
            r"|signature_to_run_for|Requesting full delegation and CPU acceleration are incompatible"
        ),
    ),
    (
        DELEGATE,
        re.compile(
            r"Failed to apply .* delegate|Disallowed CPU fallback detected|Failed to apply delegate"
            r"|only supports static-sized tensors|Failed to create .*delegate"
            r"|Could not find the specified NNAPI accelerator"
        ),
    ),
    (INVOKE, re.compile(r"failed to invoke|Failed to invoke|^Run failed")),
    (
        MODEL,
        re.compile(
            r"Could not open '|model allocation is null|Failed to load model|not a valid Flatbuffer|Mmap of '"
            r"|schema version|Didn't find op for builtin|builtin_code out of range|unresolved custom op"
            r"|Select TensorFlow op|Failed to (?:initialize|construct|build) (?:the )?interpreter|failed to prepare"
            r"|Failed to allocate tensors|failed to reshape runtime|was not true\.|num_input_elements != "
            r"|Failed to compile model|Failed to resize"
        ),
    ),
    (ENVIRONMENT, re.compile(r"No space left on device|Read-only file system")),
    (IO, re.compile(r"Failed to open file|Failed to read|Failed to save")),
)


def launch_line(lines: Sequence[Line]) -> Line | None:
    """Return the line in which a shell or linker says that the program did not start."""
    return next((line for line in lines if line.level != "INFO" and _LAUNCH.search(line.text)), None)


def class_of(lines: Sequence[Line]) -> ErrorClass | None:
    """Return the class that the error lines speak of, None where no text is known.

    Classes go before order: a delegate that cannot be applied makes the graph fail to prepare as well.
    """
    texts = [line.text for line in _candidates(lines)]
    return next((name for name, form in _CLASSES if any(form.search(text) for text in texts)), None)


def decisive_line(lines: Sequence[Line]) -> Line | None:
    """Return the line to show: the first FATAL, else the first ERROR, else the first one whose text is known.

    Later errors are consequences of the first.
    """
    for level in ("FATAL", "ERROR"):
        for line in lines:
            if line.level == level and line.text != FAILED_LINE:
                return line
    return next((line for line in _candidates(lines) if line.level is None), None)


def _candidates(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield error lines, and unmarked ones that say what errors say: before 2.12 the tool marked nothing."""
    for line in lines:
        known = line.level is None and any(form.search(line.text) for _, form in _CLASSES)
        if line.level in {"ERROR", "FATAL"} or known:
            yield line
