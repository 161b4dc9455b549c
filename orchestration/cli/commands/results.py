"""``warehouse results``: what the fitted models say."""

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings


@click.command()
@pass_settings
def results(settings: Settings) -> None:
    """The fitted models: the headline table, the rise under every covariance, and the choices."""
    from orchestration.cli.summary import results_text

    click.echo(results_text(settings))
