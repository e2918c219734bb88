"""`footfall models pull | list | verify`: the weights on this machine. How they are fetched is `footfall.vision`'s."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from footfall.errors import FootfallError, ModelCorruptError, ModelMissingError
from footfall.settings import load_settings

if TYPE_CHECKING:
    from footfall.vision.models.fetch import PullProgress
    from footfall.vision.models.manifest import ModelSpec

app = typer.Typer(no_args_is_help=True, help="Model weights: pull, list, verify.")


@app.command("pull")
def pull_command(
    only: Annotated[list[str] | None, typer.Option("--only", help="A model's name; may be given again.")] = None,
    media: Annotated[bool, typer.Option("--media", help="Also pull the demo's photographs and clips.")] = False,
) -> None:
    """Bring the weights here, checked against the manifest, and prepare them. A second pull is instant."""
    from footfall.vision.media import pull_sample_media
    from footfall.vision.models.pull import pull

    settings = load_settings()
    with PullBars() as shown:
        report = pull(settings, shown, only=only or ())
        if media:
            samples = pull_sample_media(settings.home / "media", settings, shown)
    for file in report.files:
        typer.echo(f"{file.name:16} {file.outcome:12} {file.detail}")
    if report.outcome_of("yunet") == "unavailable":
        typer.echo("YuNet's ONNX has no source that answers here; the yuface build of it finds the faces instead.")
    if media:
        typer.echo(f"{len(samples.files)} photographs and clips are in {samples.folder}.")


@app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the manifest: what each model is for, what it wants, under which licence, and whether it is here."""
    from footfall.vision.models.files import verify

    found = verify(load_settings())
    if as_json:
        typer.echo(json.dumps([_described(item.model) | {"state": item.state} for item in found], indent=2))
        return
    for item in found:
        spec, here = item.model, "here" if item.state == "ok" else item.state
        typer.echo(f"{spec.name}: {spec.task}, version {spec.version}, {here}")
        typer.echo(f"    file      {spec.local_name or f'inside the Python package {spec.bundled_in}'}")
        typer.echo(f"    input     {_input_in_words(spec)}")
        typer.echo(f"    output    {f'{spec.output_dimension} numbers' if spec.output_dimension else 'faces'}")
        if spec.attack_rates is not None:
            rates = spec.attack_rates
            typer.echo(f"    attacks   APCER {rates.apcer}; BPCER {rates.bpcer}")
            typer.echo(f"    off by default: {rates.note}")
        typer.echo(f"    licence   code {spec.licence.code}; weights {spec.licence.weights}")
        typer.echo(f"    commercial use is {spec.licence.commercial_use}: {spec.licence.note}")


@app.command("verify")
def verify_command() -> None:
    """Hash every file and compare with the manifest. Fails when one is wrong or a required one is missing."""
    from footfall.vision.models.files import PULL_HINT, verify

    problem: FootfallError | None = None
    for item in verify(load_settings()):
        typer.echo(f"{item.model.name:16} {item.state:8} {item.detail}")
        if item.state == "corrupt":
            problem = ModelCorruptError(f"The weights of {item.model.name} are wrong: {item.detail}.", hint=PULL_HINT)
        elif item.state == "missing" and item.model.required and problem is None:
            problem = ModelMissingError(f"The weights of {item.model.name} are missing: {item.detail}.", hint=PULL_HINT)
    if problem is not None:
        raise problem


def _input_in_words(spec: ModelSpec) -> str:
    contract = spec.input
    size = f"{contract.width_px}x{contract.height_px}" if contract.width_px else "any size"
    means = "/".join(f"{mean:g}" for mean in dict.fromkeys(contract.mean))
    return f"{size} {contract.colour_order}, (x - {means}) / {contract.scale:g}"


def _described(spec: ModelSpec) -> dict[str, object]:
    thresholds = spec.thresholds
    return {
        "name": spec.name,
        "task": spec.task,
        "version": spec.version,
        "file": spec.local_name,
        "sha256": spec.local_sha256,
        "source_file": spec.source.name if spec.source else None,
        "source_sha256": spec.source.sha256 if spec.source else None,
        "bundled_in": spec.bundled_in,
        "input": _input_in_words(spec),
        "output_dimension": spec.output_dimension,
        "licence_code": spec.licence.code,
        "licence_weights": spec.licence.weights,
        "commercial_use": spec.licence.commercial_use,
        "licence_note": spec.licence.note,
        "thresholds": {f"{far:g}": cosine for far, cosine in thresholds.points} if thresholds else None,
        "thresholds_source": thresholds.source if thresholds else None,
        "sources": ["mirror", *map(str, spec.source.sources)] if spec.source else [],
        "required": spec.required,
        "apcer": spec.attack_rates.apcer if spec.attack_rates else None,
        "bpcer": spec.attack_rates.bpcer if spec.attack_rates else None,
        "attack_note": spec.attack_rates.note if spec.attack_rates else None,
    }


class PullBars:
    """Progress on a terminal's standard error, one bar a file; silent where there is no terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bars.add_task("weights", total=None)

    def __enter__(self) -> PullBars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, step: PullProgress) -> None:
        words = "waiting for another pull" if step.phase == "waiting" else f"{step.phase} {step.file}"
        self._bars.update(
            self._task,
            description=f"[{step.position}/{step.total}] {words}",
            completed=step.done_bytes,
            total=step.size_bytes or None,
        )
