"""``warehouse diff``: what changed from one kept publication to another."""

import json

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings


@click.command()
@click.argument("before", default="previous", metavar="[A]")
@click.argument("after", default="current", metavar="[B]")
@click.option(
    "--tolerance",
    default=0.0,
    type=click.FloatRange(0, 1),
    help="Numbers this close, as a share of the larger, count as equal; by default they must be the same.",
)
@click.option("--limit", default=20, type=click.IntRange(1), show_default=True, help="Rows in each list of the table.")
@click.option("--format", "output_format", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_settings
def diff(settings: Settings, before: str, after: str, tolerance: float, limit: int, output_format: str) -> None:
    """What changed from publication A (by default previous) to B (by default current).

    A and B are ids as in `warehouse publications`, the beginning of one, current or previous. Sources, schema, rows and
    cells of every table, models and coefficients; JSON has all of it. Exit status 0 whether or not anything changed.
    """
    from dataclasses import asdict

    from orchestration.publication.diff import diff_publications
    from orchestration.publication.diff_text import publication_diff_text
    from orchestration.publication.kept import find

    difference = diff_publications(find(settings, before), find(settings, after), tolerance)
    if output_format == "json":
        click.echo(json.dumps(asdict(difference), indent=1, default=str))
    else:
        click.echo(publication_diff_text(difference, limit))
