"""``warehouse docs``: the documentation as static pages."""

from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the pages into this folder; by default docs in the data folder.",
)
@click.option("--open", "open_it", is_flag=True, help="Open them in the browser.")
@pass_settings
def docs(settings: Settings, output: Path | None, open_it: bool) -> None:
    """Codebook, documentation of the models, lineage and guides as static pages that need no network."""
    from orchestration.defs.pipeline import pipeline_assets
    from orchestration.outputs.docs_site import write_documentation

    folder = (output or settings.data_dir / "docs").resolve()
    index = write_documentation(settings, folder, pipeline_assets(settings))
    click.echo(index)
    if open_it:
        click.launch(index.as_uri())
