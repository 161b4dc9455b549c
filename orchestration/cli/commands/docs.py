"""``warehouse docs``: the documentation as static pages."""

from pathlib import Path

import click

from orchestration.core.settings import from_environment


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the pages into this folder; by default docs in the data folder.",
)
@click.option("--open", "open_it", is_flag=True, help="Open them in the browser.")
def docs(output: Path | None, open_it: bool) -> None:
    """Codebook, documentation of the models, lineage and guides as static pages that need no network."""
    from orchestration.outputs.docs_site import write_documentation

    settings = from_environment()
    index = write_documentation(settings, (output or settings.data_dir / "docs").resolve())
    click.echo(index)
    if open_it:
        click.launch(index.as_uri())
