"""Programs for Linux on x86-64 that are a shell text: a binary library takes them and this host runs them."""

import platform
import struct
import sys
from pathlib import Path

import pytest

_HEADERS_BYTES = 64 + 56
_ADDRESS = 0x400000

LITERT = r"""
case " $* " in *" --help "*)
  "$@" 2>&1 | grep -v -e input_layer_value_file[s] -e output_filepath -e export_model_runtime_info -e op_profiling
  for each in use_npu use_gpu dispatch_library_path compiler_plugin_library_path; do
    printf '\t--%s=\tstring\toptional\t%s\n' "$each" "$each"
  done
  exit 0 ;;
esac
[ -r "${0%/*}/libLiteRtBeside.so" ] || { echo 'ERROR: no library beside it' >&2; exit 1; }
[ "$LD_LIBRARY_PATH" = "${0%/*}" ] || { echo "ERROR: LD_LIBRARY_PATH is [$LD_LIBRARY_PATH]" >&2; exit 1; }
if [ -e "${0%/*}/libQnnHtpV73Skel.so" ] && [ "${ADSP_LIBRARY_PATH%%;*}" != "${0%/*}" ]; then
  echo "ERROR: ADSP_LIBRARY_PATH is [$ADSP_LIBRARY_PATH]" >&2
  exit 1
fi
exec "$@" --export_model_runtime_info=true
"""
"""LiteRT's own tool as far as the command line goes: it reads no inputs, writes no outputs, knows NPUs and wants its
library beside it; what it then runs is the phone's own."""


def program(text: str, mark: bytes = b"") -> bytes:
    """Return an ELF program without any library that becomes `sh -c TEXT` with its own name and arguments.

    In TEXT, "$@" is what runs the phone's benchmark with these arguments. `mark` is a text that stands in the file.
    """
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        pytest.skip("the program is made for Linux on x86-64, which this host is not")
    benchmark = 'set -- "${MBENCH_BENCHMARK:-/system/bin/mbench-benchmark}" x86_64 "$0" "$@"\n'
    strings = [b"/bin/sh\0", b"-c\0", f"{benchmark}{text}".encode() + b"\0"]
    # sub rsp, 16: two words before argc, which itself is the third: sh, -c, text, then argv as it is.
    code = bytes.fromhex("488b04 24 488d54c410 4883ec10".replace(" ", ""))
    loads = [("488d3d", "48893c24"), ("488d0d", "48894c2408"), ("488d0d", "48894c2410")]
    tail = bytes.fromhex("4889e6 b83b000000 0f05 b83c000000 0f05".replace(" ", ""))
    length = (
        len(code) + sum(len(bytes.fromhex(lea)) + 4 + len(bytes.fromhex(store)) for lea, store in loads) + len(tail)
    )
    place = length
    for (lea, store), string in zip(loads, strings, strict=True):
        code += bytes.fromhex(lea)
        code += struct.pack("<i", place - (len(code) + 4)) + bytes.fromhex(store)
        place += len(string)
    body = code + tail + b"".join(strings) + mark
    size = _HEADERS_BYTES + len(body)
    header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, _ADDRESS + _HEADERS_BYTES, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _ADDRESS, _ADDRESS, size, size, 4096)
    return header + segment + body


def write_program(path: Path, flavour: str) -> Path:
    """Write a benchmark_model of a flavour that emulated x86-64 phones run."""
    only = {"tflite": b"input_layer_value_files", "litert": b"dispatch_library_path"}[flavour]
    path.write_bytes(program(LITERT if flavour == "litert" else 'exec "$@"\n', b"warmup_min_secs\0" + only + b"\0"))
    path.chmod(0o755)
    return path


def write_hexagon_library(path: Path) -> Path:
    """Write a file whose headers are those of a library for Qualcomm's signal processor."""
    header = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", 3, 164, 1, 0, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    path.write_bytes(header + struct.pack("<IIIIIIII", 1, 0, 0, 0, 84, 84, 5, 4096))
    return path


def write_library(path: Path) -> Path:
    """Write a file whose headers are a shared library's."""
    data = bytearray(program("exit 1\n"))
    data[16] = 3  # e_type: DYN
    path.write_bytes(data)
    return path
