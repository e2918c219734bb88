"""`footfall demo`: the command alone."""

from __future__ import annotations


def demo() -> None:
    """Run the main job once on real faces and report.

    Pulls the models and sample photographs, composes a film of people coming and going, starts the stack (or uses
    the running one), makes a tenant of its own, enrols four staff members from photographs, plays the film through
    the ingest daemon, lets Dagster rebuild the gallery and the marts, and holds the result against the film's script.

    Exits with 1 and a sentence when somebody who had to be recognised was not, or a stranger was taken for staff.
    The report lies in <home>/demo/summary.json.
    """
    from rich.console import Console

    from cli.demo.run import run_demo
    from footfall.settings import load_settings

    run_demo(load_settings(), Console())
