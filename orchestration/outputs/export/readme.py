"""Write README.txt of an export: its publication, its files, how to read them and how to cite the data."""

import textwrap
from pathlib import Path

from orchestration.outputs.export.content import Content
from orchestration.outputs.export.stata import stata_names


def write_readme(folder: Path, content: Content, formats: tuple[str, ...]) -> None:
    """Write README.txt; its first line says SYNTHETIC for the synthetic sample.

    Parameters
    ----------
    folder : Path
        Folder of the export.
    content : Content
        The exported tables.
    formats : tuple of str
        Names of the formats written.
    """
    publication = content.publication
    renamed = [
        f"  {table.full_name}: {name} is {short}"
        for table in content.tables
        for name, short in stata_names(column.name for column in table.columns).items()
        if name != short
    ]
    lines = [
        *([f"{publication['note']}.", ""] if content.is_synthetic else []),
        "Alliance-formation warehouse: country-year panel and results",
        "",
        f"publication   {publication['publication_id']}",
        f"published     {publication['published_at']:%Y-%m-%d %H:%M} UTC",
        f"data          {publication['note']}",
        f"software      version {publication['software_version']}",
        f"fingerprint   {publication['fingerprint']}",
        "",
        "Files",
        *(
            _wrapped(f"{table.full_name} ({table.data.num_rows:,} rows): {table.description}")
            for table in content.tables
        ),
        f"  each as {', '.join(formats)}, in the folder of its schema",
        "  codebook.html, codebook.csv  every column: type, unit, meaning, source, years, share missing",
        "  datapackage.json             Frictionless Data Package: the files, their types, hashes and sources",
        "  CITATION.cff, citations.bib  what to cite",
        "  SHA256SUMS                   sha256sum -c SHA256SUMS checks every file",
        "",
        "Missing values",
        "  0 is an observed zero. A value that was not observed is NULL in Parquet, empty in CSV, and missing in Stata",
        '  (. for numbers, "" for text). No codes are used for missing values.',
        "",
        *(["Stata names (at most 32 characters)", *renamed, ""] if "stata" in formats and renamed else []),
        *_sources(content),
    ]
    (folder / "README.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sources(content: Content) -> list[str]:
    if content.is_synthetic:
        return ["Sources", "  None: this software generated the data. Do not cite them."]
    return [
        "How to cite",
        "  Cite the producers of the data you use, Kimball (2010) for the test, and this software with the publication",
        "  above. citations.bib contains all of them.",
        "",
        "Sources and the producers' terms",
        *(
            _wrapped(
                f"{source['title']} [{source['file']}, sha256 {source['sha256'][:12]}]: {source['licence']}."
                f" {source['homepage']}"
            )
            for source in content.sources
        ),
    ]


def _wrapped(text: str) -> str:
    return textwrap.fill(
        text,
        width=110,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )
