"""``warehouse status``: the state of the warehouse, on one screen."""

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings


@click.command()
@pass_settings
def status(settings: Settings) -> None:
    """What is published, from which versions, how fresh, what the last run did."""
    from orchestration.runtime.status import status_text

    click.echo(status_text(settings))
