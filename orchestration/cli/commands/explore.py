"""``warehouse explore``: the publication in one page that answers SQL and draws."""

from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings


@click.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page here; by default explorer.html in the folder publication of the data, which the next"
    " refresh removes.",
)
@click.option(
    "--publication",
    metavar="ID",
    help="A kept publication by its id, the beginning of its id, or previous; by default the current one.",
)
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
@pass_settings
def explore(settings: Settings, output: Path | None, publication: str | None, open_it: bool) -> None:
    """One self-contained HTML page with the data: figures, map, results, codebook and SQL, without a network.

    The first call builds the page's script with Node from the extra explore, or the machine's.
    """
    from orchestration.outputs.explorer.page import EXPLORER, write_explorer
    from orchestration.publication.kept import find

    path = (output or settings.presentation_dir / EXPLORER).resolve()
    size = write_explorer(find(settings, publication), path)
    click.echo(f"{path} ({size / 1e6:.1f} MB)")
    if open_it:
        click.launch(path.as_uri())
