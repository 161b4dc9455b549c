"""``warehouse report``: one page of what is published."""

from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings


@click.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page here; by default report.html in the folder publication of the data, which the next"
    " refresh removes.",
)
@click.option(
    "--publication",
    metavar="ID",
    help="A kept publication by its id, the beginning of its id, or previous; by default the current one.",
)
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
@pass_settings
def report(settings: Settings, output: Path | None, publication: str | None, open_it: bool) -> None:
    """One self-contained HTML page: what was run on what, what it says, and what it cannot say."""
    from orchestration.outputs.report.page import REPORT, write_report
    from orchestration.publication.kept import find

    path = (output or settings.presentation_dir / REPORT).resolve()
    size = write_report(find(settings, publication), path)
    click.echo(f"{path} ({size / 1e6:.1f} MB)")
    if open_it:
        click.launch(path.as_uri())
