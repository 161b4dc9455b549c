"""``warehouse ui``: Dagster's web interface and daemon."""

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings
from orchestration.store import open_store


@click.command()
@click.option(
    "--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Port of the web interface."
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address it listens on; by default this machine only."
)
@pass_settings
def ui(settings: Settings, port: int, host: str) -> None:
    """Dagster's web interface, and the daemon that runs schedule, sensors and queue; Ctrl-C stops both."""
    from orchestration.runtime.servers import LOCAL, serve

    if host not in LOCAL:
        click.echo(
            f"warning: listening on {host}, not only on this machine: anybody who reaches port {port} can start and"
            " stop runs without a password",
            err=True,
        )
    with open_store(settings).hold_daemon():
        serve(settings, host, port, announce=lambda line: click.echo(line, err=True))
