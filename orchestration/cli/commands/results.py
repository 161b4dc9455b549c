"""``warehouse results``: what the fitted models say."""

import shutil
import sys

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings


@click.command()
@pass_settings
def results(settings: Settings) -> None:
    """The verdict, the headline table, the rise under every covariance, and the choices."""
    from orchestration.cli.summary import results_text

    text = results_text(settings)
    is_long = len(text.splitlines()) >= shutil.get_terminal_size().lines
    if is_long and sys.stdout.isatty():
        click.echo_via_pager(text + "\n")
    else:
        click.echo(text)
