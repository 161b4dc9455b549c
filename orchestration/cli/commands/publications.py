"""``warehouse publications``: the publications that are kept, newest first."""

import json

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings


@click.command()
@click.option("--format", "output_format", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_settings
def publications(settings: Settings, output_format: str) -> None:
    """List the kept publications, and what changed in their sources from one to the next."""
    from orchestration.publication.kept import kept_publications, publications_records, publications_text

    kept = kept_publications(settings)
    if output_format == "json":
        click.echo(json.dumps(publications_records(kept), indent=1))
    else:
        click.echo(publications_text(kept))
