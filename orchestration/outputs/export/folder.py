"""Write an export into a folder, completely or not at all, and never over other files."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.core.files import replace_folder, sync
from orchestration.ingest.catalog import Catalog
from orchestration.ingest.citation import bibtex, citation_cff, references_of, software_reference
from orchestration.outputs.export.codebook_files import write_codebook
from orchestration.outputs.export.content import Content, Table
from orchestration.outputs.export.datapackage import PACKAGE_NAME, DataFile, write_datapackage
from orchestration.outputs.export.delimited import write_csv
from orchestration.outputs.export.parquet import write_parquet
from orchestration.outputs.export.readme import write_readme
from orchestration.outputs.export.stata import write_stata

FORMATS: dict[str, tuple[str, Callable[[Table, Content, Path], None]]] = {
    "parquet": (".parquet", write_parquet),
    "csv": (".csv", write_csv),
    "stata": (".dta", write_stata),
}
CHECKSUMS = "SHA256SUMS"


def export(content: Content, catalog: Catalog, target: Path, formats: Sequence[str]) -> list[Path]:
    """Write tables of a publication with codebook, citations and data package; the same publication, the same bytes.

    A previous export in ``target`` is replaced in one step (see `replace_folder`).

    Parameters
    ----------
    content : Content
        What to write.
    catalog : Catalog
        The catalog of the sources, for the citations.
    target : Path
        A new or empty folder, or one with an unchanged export.
    formats : sequence of str
        Keys of FORMATS.

    Returns
    -------
    list of Path
        Every file of the export, sorted.

    Raises
    ------
    WarehouseError
        If ``target`` contains other files, or cannot be written.
    """
    target = target.resolve()
    try:
        _check_replaceable(target)
        with replace_folder(target) as folder:
            _write(content, catalog, folder, tuple(formats))
    except OSError as error:
        raise WarehouseError(
            "The export could not be written; the previous content of the folder is unchanged.",
            where=str(target),
            expected="a writable folder on a disk with free space for the export",
            found=error.strerror or str(error),
            next_step="Free disk space, correct the permissions or choose another folder, then run again.",
        ) from error
    return sorted(path for path in target.rglob("*") if path.is_file())


def _write(content: Content, catalog: Catalog, folder: Path, formats: tuple[str, ...]) -> None:
    prefix = "SYNTHETIC_" if content.is_synthetic else ""
    files = []
    for table in content.tables:
        (folder / table.schema).mkdir(exist_ok=True)
        for name in formats:
            ending, write = FORMATS[name]
            path = f"{table.schema}/{prefix}{table.name}{ending}"
            write(table, content, folder / path)
            files.append(DataFile(path, table))
    write_datapackage(folder, content, files)
    write_codebook(folder, content)
    write_readme(folder, content, formats)
    references = references_of(content.sources, catalog)
    (folder / "CITATION.cff").write_text(citation_cff(content.publication, references), encoding="utf-8")
    (folder / "citations.bib").write_text(
        bibtex([software_reference(content.publication), *references]), encoding="utf-8"
    )
    written = _hashes(folder)
    (folder / CHECKSUMS).write_text("".join(f"{digest}  {path}\n" for path, digest in written.items()))
    for entry in (*folder.rglob("*"), folder):
        sync(entry)


def _hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every file except the list of checksums, by path below the folder, sorted."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths if path != CHECKSUMS}


def _check_replaceable(target: Path) -> None:
    """Raise WarehouseError unless the folder does not exist, is empty or is an unchanged export."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    found = "a file"
    if target.is_dir():
        recorded, present = _recorded(target), _hashes(target)
        if recorded is None:
            found = "files that are not an export of this warehouse"
        else:
            changed = sorted(path for path, digest in present.items() if recorded.get(path) != digest)
            if not changed:
                return
            found = f"an export with added or changed files: {', '.join(changed[:5])}"
    raise WarehouseError(
        "Refusing to overwrite a folder with other files.",
        where=str(target),
        expected="a new or empty folder, or an unchanged export",
        found=found,
        next_step="Choose another folder, or move these files.",
    )


def _recorded(folder: Path) -> dict[str, str] | None:
    """The checksums that an export wrote into its folder, or None if the folder is not an export."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        if json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["name"] == PACKAGE_NAME:
            lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
            return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    return None
