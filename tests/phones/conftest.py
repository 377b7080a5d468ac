import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / other) for other in ("cli", "runner", "artifacts"))]

from accuracy_lab import bench, scoring_farm  # noqa: E402, F401
from command_line import home  # noqa: E402, F401
from phone_lab import laboratories, under_way  # noqa: E402, F401
