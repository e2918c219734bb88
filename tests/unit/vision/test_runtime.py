"""The inference runtimes as guests of this process: what they may do besides computing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_LOADED = """
import sys
from pathlib import Path
from footfall.errors import ModelCorruptError
from footfall.settings import VisionSettings
from footfall.vision.runtime import open_network
try:
    open_network(Path(sys.argv[1]), VisionSettings(backend="openvino"))
except ModelCorruptError:
    print(*sorted(name for name in sys.modules if name.startswith("openvino")))
"""


def test_openvino_is_loaded_without_what_reports_to_the_internet(tmp_path: Path) -> None:
    """Its telemetry is on unless said otherwise, and forks a process beside running threads."""
    nothing = tmp_path / "no-network.onnx"
    nothing.write_bytes(b"nothing")

    done = subprocess.run(
        [sys.executable, "-c", _LOADED, str(nothing)], capture_output=True, text=True, check=True, timeout=60
    )

    loaded = done.stdout.split()
    assert "openvino" in loaded
    assert not [name for name in loaded if name.startswith("openvino_telemetry")]
