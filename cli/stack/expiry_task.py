"""Run as `python -m cli.stack.expiry_task MASTER FILER S3`: one pass of the embedded S3 server's lifecycle rules.

SeaweedFS keeps the rules and leaves obeying them to a worker that needs its web administration server; this is the
same pass by its shell. It deletes what a rule says has expired and goes on, next time, where it stopped.
"""

from __future__ import annotations

import subprocess
import sys

from cli.stack.parts.seaweed import weed_binary

_SHARDS = "0-15"  # all that there are
_RUNTIME_SECONDS = 900


def expire(master: str, filer: str, s3: str) -> str:
    """Answers what the server said; raises RuntimeError with it when the pass did not get through."""
    command = f"s3.lifecycle.run-shard -shards {_SHARDS} -s3 {s3} -events 0 -runtime {_RUNTIME_SECONDS}s\n"
    done = subprocess.run(
        [str(weed_binary()), "shell", f"-master={master}", f"-filer={filer}"],
        input=command,
        capture_output=True,
        text=True,
        check=False,
        timeout=_RUNTIME_SECONDS + 60,
    )
    said = f"{done.stdout.strip()}\n{done.stderr.strip()}".strip()
    # The shell's exit code alone would not do: it is 0 for a command that it does not know.
    if done.returncode != 0 or f"shards {_SHARDS} complete" not in done.stdout:
        raise RuntimeError(said)
    return said


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{expire(*sys.argv[1:4])}\n")
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        sys.exit(str(error))
