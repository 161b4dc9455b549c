"""``warehouse ui``: Dagster's web interface and daemon."""

import os
import sys
from pathlib import Path

import click

from orchestration.settings import from_environment


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port on this machine.")
def ui(port: int) -> None:
    """Dagster's web interface and daemon, for this machine only (127.0.0.1)."""
    settings = from_environment()
    click.echo(f"Dagster UI: http://127.0.0.1:{port}  (Ctrl-C ends it)", err=True)
    dagster = str(Path(sys.executable).with_name("dagster"))
    arguments = [
        dagster,
        "dev",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--module-name",
        "orchestration.definitions",
    ]
    os.execve(dagster, arguments, {**os.environ, **settings.environment()})
