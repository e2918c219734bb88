"""The ingest daemon as a process of its own, with stand-ins for the models that claim to be what the server serves: so
drawn people can be sent to a whole stack with real stores. Everything behind the models is the product's own."""

from __future__ import annotations

import json
import logging
import signal
import sys
from datetime import datetime
from threading import Event
from uuid import UUID

from footfall.settings import Settings, load_settings
from footfall.vision.detectors.mock import MockDetector
from footfall.vision.embedders.mock import MOCK_THRESHOLDS, MockEmbedder
from footfall.vision.models.manifest import EMBEDDER
from footfall.vision.pipeline import VisionPipeline
from ingest_daemon import chores, daemon
from ingest_daemon.playing import Progress, Run


class _ClaimingEmbedder(MockEmbedder):
    @property
    def model_version(self) -> str:
        return EMBEDDER.version


def _stand_in(settings: Settings) -> VisionPipeline:
    return VisionPipeline(
        detector=MockDetector(), embedder=_ClaimingEmbedder(), thresholds=MOCK_THRESHOLDS, settings=settings.vision
    )


def main() -> int:
    """`CAMERA SOURCE STARTED_AT PATIENCE_SECONDS`. Prints one JSON line; 0 when everything is with the server, else 3,
    as `footfall ingest`."""
    camera, source, started_at, patience = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    stop = Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    daemon.open_vision = _stand_in  # type: ignore[attr-defined]  # the name under which the daemon calls it
    daemon.PATIENCE_SECONDS = float(patience)
    chores.EXPIRY_SECONDS = 1.0  # else a run would be over before anything could expire
    how = Run(realtime=False, started_at=datetime.fromisoformat(started_at), until_end=True)
    sent: list[int] = [0]

    def note(progress: Progress) -> None:
        sent[0] = progress.events_sent

    [summary] = daemon.run_cameras(load_settings(), {UUID(camera): source}, how, stop=stop, on_progress=note)
    told = {
        "sent": sent[0],
        "undelivered": summary.undelivered,
        "set_aside": summary.set_aside,
        "dropped": summary.drops["events"],
        "frames": summary.frames,
        "seconds": summary.seconds,
        "trouble": summary.trouble,
    }
    print(json.dumps(told), flush=True)  # noqa: T201 - read by who started this
    return 3 if summary.undelivered else 0


if __name__ == "__main__":
    sys.exit(main())
