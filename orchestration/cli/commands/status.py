"""``warehouse status``: what stands, on one screen."""

import click

from orchestration.core.settings import from_environment


@click.command()
def status() -> None:
    """What is published, from which versions, how fresh, what the last run did."""
    from orchestration.runtime.status import status_text

    click.echo(status_text(from_environment()))
