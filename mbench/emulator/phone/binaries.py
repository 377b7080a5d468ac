"""Files that an emulated phone executes as benchmark_model, where the real one for arm64 could not run on this host."""

_TEXT = """\
#mbench-emulated-binary {abi}
exec "${{MBENCH_BENCHMARK:-/system/bin/mbench-benchmark}}" {abi} "$0" "$@"
# {program}
"""


def emulated_binary(abi: str = "arm64-v8a", *, program: str = "of any version") -> bytes:
    """Return a file that a phone of that ABI runs as benchmark_model: really, by hostbench, or by its synthetic law.

    A phone without the ABI answers as Android's shell does: `not executable: 64-bit ELF file`, status 126. The file is
    shell text without an interpreter line, which sh, and whatever uses execvp(3), gives to /bin/sh.

    Args:
        abi: as Android names it.
        program: what identifies the program that it stands for, so that another one is another file.
    """
    return _TEXT.format(abi=abi, program=program).encode()
