"""``warehouse export``: the publication as files for R, Stata, Python and Excel."""

from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings

FORMATS = ("parquet", "csv", "stata")


def _formats(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    wanted = {name.strip() for name in value.split(",")}
    unknown = wanted.difference(FORMATS)
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: choose from {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in wanted)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--format",
    "formats",
    default=",".join(FORMATS),
    show_default=True,
    callback=_formats,
    help="Formats, separated by commas.",
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    metavar="NAME",
    help="Only this table, as often as needed; by default all but dyad_years.",
)
@click.option(
    "--publication",
    metavar="ID",
    help="A kept publication by its id, the beginning of its id, or previous; by default the current one.",
)
@click.option(
    "--redistributable",
    "only_clear",
    is_flag=True,
    help="Leave out columns from sources whose terms do not say that they may be passed on.",
)
@pass_settings
def export(
    settings: Settings,
    folder: Path,
    formats: tuple[str, ...],
    tables: tuple[str, ...],
    publication: str | None,
    only_clear: bool,
) -> None:
    """The tables as Parquet, CSV and Stata, with codebook.

    DIR also gets the citations and a data package. A previous export in DIR is replaced; a folder with other files is
    not touched.
    """
    from orchestration.ingest.catalog import load_catalog
    from orchestration.outputs.export.content import read_content
    from orchestration.outputs.export.folder import export as write_export
    from orchestration.outputs.export.redistribution import redistributable
    from orchestration.publication.kept import find

    content = read_content(find(settings, publication), tables)
    if content.is_synthetic:
        click.echo(content.publication["note"], err=True)
    left_out: list[str] = []
    if only_clear:
        content, left_out = redistributable(content)
    written = write_export(content, load_catalog(settings.catalog_dir), folder, formats)
    size = sum(path.stat().st_size for path in written)
    click.echo(
        f"{len(content.tables)} tables as {', '.join(formats)}: {len(written)} files, {size / 1e6:.1f} MB in {folder}\n"
        f"{content.publication['note']} (publication {content.publication['publication_id']})"
    )
    if only_clear:
        click.echo(f"left out, because the terms of a source are unclear: {'; '.join(left_out) or 'nothing'}")
