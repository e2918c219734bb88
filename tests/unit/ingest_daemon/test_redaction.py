"""No credential of a source URL survives redaction."""

from __future__ import annotations

import pytest

from ingest_daemon.redaction import redact, redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://10.0.0.5/stream1", "rtsp://10.0.0.5/stream1"),
        ("rtsp://10.0.0.5:554/live/ch0", "rtsp://10.0.0.5:554/live/ch0"),
        ("rtsp://admin:hunter2@10.0.0.5:554/live", "rtsp://***@10.0.0.5:554/live"),
        ("rtsp://admin@10.0.0.5/live", "rtsp://***@10.0.0.5/live"),
        ("http://cam/video?user=admin&pwd=hunter2", "http://cam/video?***"),
        ("http://cam/video#hunter2", "http://cam/video?***"),
        ("rtsp://cam/user=admin_password=hunter2_channel=1", "rtsp://cam/***"),
        ("https://cam/hls/hunter2hunter2hunter2hunter2/index.m3u8", "https://cam/hls/***/index.m3u8"),
        ("video.mp4", "video.mp4"),
    ],
)
def test_a_url_keeps_what_tells_cameras_apart_and_loses_the_rest(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@pytest.mark.parametrize("password", ["p@ss", "p/ss", "p?ss", "p#ss", "p:ss", "a@b/c?d#e"])
def test_a_password_with_unescaped_signs_is_hidden_whole(password: str) -> None:
    shown = redact_url(f"rtsp://admin:{password}@10.0.0.5/live")

    assert shown == "rtsp://***@10.0.0.5/live"


def test_every_url_within_a_message_is_redacted() -> None:
    text = "tried rtsp://a:b@one/x, then https://c:d@two/y?z=1 and gave up"

    shown = redact(text)

    assert shown == "tried rtsp://***@one/x, then https://***@two/y?*** and gave up"
