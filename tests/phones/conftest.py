import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cli")]

from phone_lab import laboratories, under_way  # noqa: E402, F401
