"""The folder of an export: written beside itself, hashed, and put in place whole; never over anything else."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.core.files import sync
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
    """Write the tables of a publication in these formats, with codebook, citations and data package; return the files.

    The same publication gives the same bytes. A former export in ``target`` is replaced by the new one whole; anything
    else there is left alone. Between the two renames that do it, the former one lies in a hidden folder beside
    ``target``. Raises WarehouseError where ``target`` is something else or the disk does not take it.
    """
    target = target.resolve()
    workshop = None
    try:
        _refuse_what_is_not_ours(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        fresh, former = workshop / "new", workshop / "former"
        _write(content, catalog, fresh, tuple(formats))
        try:
            if target.exists():
                target.rename(former)
            fresh.rename(target)
        finally:
            if former.exists() and not target.exists():
                former.rename(target)
        sync(target.parent)
    except OSError as error:
        raise WarehouseError(
            "The export could not be written; what was there before is unchanged.",
            where=str(target),
            expected="a folder that can be written, on a disk with some tens of megabytes free",
            found=error.strerror or str(error),
            next_step="free space, mend the permissions or name another folder, then run again",
        ) from error
    finally:
        if workshop:
            shutil.rmtree(workshop, ignore_errors=True)
    return sorted(path for path in target.rglob("*") if path.is_file())


def _write(content: Content, catalog: Catalog, folder: Path, formats: tuple[str, ...]) -> None:
    folder.mkdir()
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
    for path in (*folder.rglob("*"), folder):
        sync(path)


def _hashes(folder: Path) -> dict[str, str]:
    """Path below the folder -> sha256, for every file but the list of checksums itself, in order of path."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths if path != CHECKSUMS}


def _refuse_what_is_not_ours(target: Path) -> None:
    """Pass where nothing stands, an empty folder, or an export just as it was written; WarehouseError otherwise."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    found = "a file"
    if target.is_dir():
        recorded, there = _recorded(target), _hashes(target)
        if recorded is None:
            found = "files that no export of this warehouse wrote"
        else:
            strange = sorted(path for path, digest in there.items() if recorded.get(path) != digest)
            if not strange:
                return
            found = f"an export with files added or changed since: {', '.join(strange[:5])}"
    raise WarehouseError(
        "This folder is not overwritten, because it holds more than an export.",
        where=str(target),
        expected="no folder, an empty one, or an export as it was written",
        found=found,
        next_step="name another folder, or move away what you want to keep",
    )


def _recorded(folder: Path) -> dict[str, str] | None:
    """The checksums an export left in its folder, or None if this is none of ours."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        if json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["name"] == PACKAGE_NAME:
            lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
            return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    return None
