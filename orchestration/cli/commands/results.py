"""``warehouse results``: what the fitted models say."""

import click

from orchestration.core.settings import from_environment


@click.command()
def results() -> None:
    """The fitted models: the headline table, the term in question under every covariance, and what was chosen."""
    from orchestration.cli.summary import results_text

    click.echo(results_text(from_environment()))
