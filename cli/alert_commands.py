"""`footfall alert`: trying out where alerts go. What they say is `orchestration`'s."""

from __future__ import annotations

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Alerts to the operators: failed and stuck runs, missed schedules. FOOTFALL_ALERTS__... says where they go.",
)


@app.callback()
def _group() -> None:
    """Keeps `test` a sub-command though it is the only one."""


@app.command()
def test() -> None:
    """Send a trial to every configured channel."""
    from footfall.alerts import Alert, send_alert
    from footfall.errors import ConfigurationError
    from footfall.settings import load_settings

    told = send_alert(
        load_settings().alerts,
        Alert("A trial", "Somebody ran `footfall alert test`; alerts reach you here.", severity="test"),
    )
    if not told:
        raise ConfigurationError(
            "No channel for alerts is set.",
            hint="Set FOOTFALL_ALERTS__WEBHOOK_URL, or FOOTFALL_ALERTS__MAIL_TO and FOOTFALL_ALERTS__SMTP_HOST.",
        )
    typer.echo(f"Sent by {' and '.join(told)}.")
