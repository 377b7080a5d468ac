"""The outputs of the last inference, as `--output_filepath` writes them."""

from pathlib import Path


def save_outputs(outputs: list[bytes], path: str) -> None:
    """Writes the raw bytes of all outputs one after another.

    A file that cannot be written is skipped without a word, as by TFLite's OutputSaver: whoever needs it checks that it
    is there.
    """
    try:
        Path(path).write_bytes(b"".join(outputs))
    except OSError:
        return
