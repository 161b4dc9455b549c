"""``warehouse publications``: the publications that are kept, newest first."""

import json

import click

from orchestration.core.settings import from_environment


@click.command()
@click.option("--format", "output_format", type=click.Choice(["table", "json"]), default="table", show_default=True)
def publications(output_format: str) -> None:
    """List the kept publications, and what changed in their sources from one to the next."""
    from orchestration.publication.kept import kept_publications, publications_records, publications_text

    kept = kept_publications(from_environment())
    if output_format == "json":
        click.echo(json.dumps(publications_records(kept), indent=1))
    else:
        click.echo(publications_text(kept))
