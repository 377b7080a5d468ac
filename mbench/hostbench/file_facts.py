"""What only the model's file tells: operator codes, constants, variables, names.

The interpreter's Python interface shows neither which tensors are constants nor the nodes of any subgraph but the
first. `mbench.hostbench.model_file` reads these values; they stand apart because its schema takes 60 ms to load.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTensor:
    """One tensor: its type as named by the schema (`FLOAT32`), and the size of its constant data (0: none)."""

    name: str
    type_name: str
    constant_bytes: int
    is_variable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOperator:
    """One operator: builtin code, its name (a custom operator's own) and the tensors it computes."""

    code: int
    name: str
    outputs: tuple[int, ...]
    is_custom: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSubgraph:
    """One subgraph in the file's order."""

    name: str
    tensors: tuple[FileTensor, ...]
    operators: tuple[FileOperator, ...]
