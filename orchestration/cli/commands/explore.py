"""``warehouse explore``: the publication in one page that answers SQL and draws."""

from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.cli.pages import page_options, write_page
from orchestration.core.settings import Settings

EXPLORER = "explorer.html"


@click.command()
@page_options(EXPLORER)
@pass_settings
def explore(settings: Settings, output: Path | None, publication: str | None, open_it: bool) -> None:
    """One self-contained HTML page with the data: figures, map, results, codebook and SQL, without a network.

    The first call builds the page's script with Node from the extra explore, or the machine's.
    """
    from orchestration.outputs.explorer.page import write_explorer

    write_page(write_explorer, settings, output or settings.presentation_dir / EXPLORER, publication, open_it)
