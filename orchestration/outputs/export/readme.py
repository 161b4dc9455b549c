"""README.txt of an export: what it is, of which publication, how to read the files and how to cite them."""

import textwrap
from pathlib import Path

from orchestration.outputs.export.content import Content
from orchestration.outputs.export.stata import stata_names


def write_readme(folder: Path, content: Content, formats: tuple[str, ...]) -> None:
    """The first line says SYNTHETIC if the data are; formats are those written, by name."""
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
        '  0 is an observed zero. What was not observed is NULL in Parquet, empty in CSV, and . (an empty text: "") in',
        "  Stata. No code stands for missing.",
        "",
        *(["Stata names (at most 32 characters)", *renamed, ""] if "stata" in formats and renamed else []),
        *_sources(content),
    ]
    (folder / "README.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sources(content: Content) -> list[str]:
    if content.is_synthetic:
        return ["Sources", "  None: the data are invented, by this software and nobody else. Do not cite them as data."]
    return [
        "How to cite",
        "  Cite the producers of the data you use, Kimball (2010) for the test, and this software with the publication",
        "  above. citations.bib has every one of them.",
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
