"""Commands that write one page of a publication."""

import functools
from collections.abc import Callable
from pathlib import Path

import click

from orchestration.core.settings import Settings
from orchestration.store.protocol import StoredPublication


def page_options(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options ``--output``, ``--publication`` and ``--open``.

    Parameters
    ----------
    default : str
        Name of the file that is written without ``--output``.

    Returns
    -------
    callable
        Decorator of a click callback.
    """
    options = (
        click.option(
            "--output",
            type=click.Path(dir_okay=False, path_type=Path),
            help=f"Write the page here; by default {default} in the folder publication of the data, which the next"
            " refresh removes.",
        ),
        click.option(
            "--publication",
            metavar="ID",
            help="A kept publication by its id, the beginning of its id, or previous; by default the current one.",
        ),
        click.option("--open", "open_it", is_flag=True, help="Open it in the browser."),
    )
    return lambda command: functools.reduce(lambda decorated, option: option(decorated), reversed(options), command)


def write_page(
    write: Callable[[StoredPublication, Path], int],
    settings: Settings,
    output: Path,
    publication: str | None,
    open_it: bool,
) -> None:
    """Write a page, print its path and size, and open it if wanted.

    Parameters
    ----------
    write : callable
        Writes the page of a publication to a file and returns its size in bytes.
    settings : Settings
        With the kept publications.
    output : Path
        File to write.
    publication : str or None
        What the user calls the publication; None for the current one.
    open_it : bool
        Whether to open the page in the browser.

    Raises
    ------
    WarehouseError
        If the publication is not found, or the page cannot be written.
    """
    from orchestration.publication.kept import find

    path = output.resolve()
    size = write(find(settings, publication), path)
    click.echo(f"{path} ({size / 1e6:.1f} MB)")
    if open_it:
        click.launch(path.as_uri())
