"""What a user asked of inputs, as typed; which file has such inputs is another matter, and loads more."""

from dataclasses import dataclass
from typing import Final

from mbench.core.workloads import InputTensor


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedInputs:
    """What was typed: `NAME:SIZES` and `NAME:FILE`."""

    shapes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shapes or self.files)

    def placeholder(self) -> tuple[InputTensor, ...]:
        """Return an input that needs the flags that these need, for asking whether a program has them."""
        if not self:
            return ()
        return (InputTensor(name="input", shape=(1,), values_sha256="0" * 64 if self.files else None),)


NO_INPUTS: Final = AskedInputs()
"""Inputs are as the file has them."""
