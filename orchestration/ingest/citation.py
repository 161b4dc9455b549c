"""Cite a publication: its works as BibTeX and as a CITATION.cff."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints

# A person is "Family, Given"; an organization is in braces, as in BibTeX.
Author = Annotated[str, StringConstraints(pattern=r"^(\{[^{}]+\}|[^,{}]+, [^,{}]+)$")]


class Reference(BaseModel):
    """One work to cite.

    Attributes
    ----------
    key : str
        Citation key.
    type : str
        Kind of work; it decides the BibTeX entry type.
    authors, editors : tuple of str
        ``Family, Given`` or ``{Organization}``; editors are those of the book that contains a chapter.
    title, journal, publisher, version, url : str or None
        As in BibTeX.
    year, volume, issue : int or None
        As in BibTeX.
    pages : str or None
        ``first-last``.
    book_title : str or None
        Title of the book that contains a chapter.
    place : str or None
        City of the publisher.
    number : str or None
        Number of a report in its series.
    note : str or None
        Free text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    type: Literal["article", "book", "chapter", "report", "dataset", "software"]
    authors: tuple[Author, ...]
    title: str
    year: int | None = None
    journal: str | None = None
    volume: int | None = None
    issue: int | None = None
    pages: Annotated[str, StringConstraints(pattern=r"^\d+-\d+$")] | None = None
    book_title: str | None = None
    editors: tuple[Author, ...] = ()
    publisher: str | None = None
    place: str | None = None
    number: str | None = None
    version: str | None = None
    url: str | None = None
    note: str | None = None


METHODS = (
    Reference(
        key="kimball_2010",
        type="article",
        authors=("Kimball, Anessa L.",),
        year=2010,
        title="Political Survival, Policy Distribution, and Alliance Formation",
        journal="Journal of Peace Research",
        volume=47,
        issue=4,
        pages="407-419",
        note="The test that is refitted",
    ),
    Reference(
        key="klein_goertz_diehl_2006",
        type="article",
        authors=("Klein, James P.", "Goertz, Gary", "Diehl, Paul F."),
        year=2006,
        title="The New Rivalry Dataset: Procedures and Patterns",
        journal="Journal of Peace Research",
        volume=43,
        issue=3,
        pages="331-348",
        note="The procedure behind dispute_rivals",
    ),
)
SOFTWARE_TITLE = "Alliance-formation warehouse"
DEVELOPERS = "{The developers of the alliance-formation warehouse}"


def references_of(sources: Iterable[Mapping[str, Any]], catalog: Mapping[str, Any]) -> list[Reference]:
    """List the works to cite for a publication: those of the method and of every real source.

    The references of a source record are used if its citation is still the published one; otherwise the published
    citation is copied into a note. Synthetic data have no citation.

    Parameters
    ----------
    sources : iterable of Mapping
        Rows of meta.sources.
    catalog : Mapping of str to Source
        Source records by name.

    Returns
    -------
    list of Reference
        Sorted by key.
    """
    found = {reference.key: reference for reference in METHODS}
    for row in sources:
        if row["is_synthetic"]:
            continue
        record = catalog.get(row["source"])
        if record is not None and record.references and record.citation == row["citation"]:
            used = [_with_note(work, f"Source of: {row['title']}") for work in record.references]
        else:
            used = [_as_published(row)]
        found |= {reference.key: reference for reference in used}
    return [found[key] for key in sorted(found)]


def _with_note(work: Reference, note: str) -> Reference:
    return work.model_copy(update={"note": f"{work.note}. {note}" if work.note else note})


def _as_published(row: Mapping[str, Any]) -> Reference:
    return Reference(
        key=row["source"],
        type="dataset",
        authors=("{" + re.sub(r"[{}]", "", row["producer"]) + "}",),
        title=row["title"],
        url=row["homepage"],
        note=row["citation"],
    )


def software_reference(publication: Mapping[str, Any]) -> Reference:
    """Make the reference of the warehouse itself, for one publication.

    Parameters
    ----------
    publication : Mapping
        The row of meta.publication.

    Returns
    -------
    Reference
        Software with the version and the id of the publication.
    """
    synthetic = "SYNTHETIC data, not to be cited as data of the world. " if publication["is_synthetic"] else ""
    return Reference(
        key="alliance_formation_warehouse",
        type="software",
        authors=(DEVELOPERS,),
        year=publication["published_at"].year,
        title=SOFTWARE_TITLE,
        version=publication["software_version"],
        note=f"{synthetic}Publication {publication['publication_id']}",
    )


ENTRY_TYPES = {
    "article": "article",
    "book": "book",
    "chapter": "incollection",
    "report": "techreport",
    "dataset": "misc",
    "software": "misc",
}
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    character: f"\\{character}" for character in "&%$#_{}"
}


def bibtex(references: Iterable[Reference]) -> str:
    """Write references as BibTeX.

    Parameters
    ----------
    references : iterable of Reference
        The works.

    Returns
    -------
    str
        One entry for each work. Titles are in double braces, so that no style changes their capitals.
    """
    return "\n".join(_bibtex_entry(reference) for reference in references)


def _bibtex_entry(work: Reference) -> str:
    publisher_field = {"report": "institution", "dataset": "howpublished"}.get(work.type, "publisher")
    fields = {
        "author": _bibtex_names(work.authors),
        "title": "{" + _escaped(work.title) + "}",
        "year": work.year,
        "journal": work.journal,
        "booktitle": work.book_title,
        "editor": _bibtex_names(work.editors),
        "volume": work.volume,
        "number": work.issue if work.type == "article" else work.number,
        "pages": work.pages and work.pages.replace("-", "--"),
        publisher_field: work.publisher,
        "address": work.place,
        "version": work.version,
        "url": work.url,
        "note": work.note,
    }
    lines = [
        f"  {name} = {{{value if name in ('author', 'editor', 'title', 'url') else _escaped(str(value))}}},"
        for name, value in fields.items()
        if value not in (None, "")
    ]
    return "\n".join([f"@{ENTRY_TYPES[work.type]}{{{work.key},", *lines, "}\n"])


def _bibtex_names(authors: Iterable[str]) -> str:
    return " and ".join(
        "{" + _escaped(author[1:-1]) + "}" if author.startswith("{") else _escaped(author) for author in authors
    )


def _escaped(text: str) -> str:
    return "".join(SPECIAL.get(character, character) for character in text)


CFF_TYPES = {"chapter": "generic", "dataset": "data"}


def citation_cff(publication: Mapping[str, Any], references: Iterable[Reference]) -> str:
    """Write a CITATION.cff (version 1.2.0) of the warehouse.

    Parameters
    ----------
    publication : Mapping
        The row of meta.publication.
    references : iterable of Reference
        The works behind the publication.

    Returns
    -------
    str
        YAML.
    """
    software = software_reference(publication)
    request = (
        "Cite the producers of the data you use (references below), Kimball (2010) for the test, and this software."
    )
    document = {
        "cff-version": "1.2.0",
        "message": f"{publication['note']}. {request}" if publication["is_synthetic"] else request,
        "type": "software",
        "title": software.title,
        "authors": [_cff_author(author) for author in software.authors],
        "version": software.version,
        "date-released": publication["published_at"].date(),
        "license": "MIT",
        "abstract": (
            f"{software.note}. The licence is that of the software; the data are their producers', on their terms."
        ),
        "references": [_cff_reference(reference) for reference in references],
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _cff_reference(work: Reference) -> dict[str, Any]:
    first, last = work.pages.split("-") if work.pages else (None, None)
    publisher = work.publisher and {"name": work.publisher} | ({"city": work.place} if work.place else {})
    fields = {
        "type": CFF_TYPES.get(work.type, work.type),
        "title": work.title,
        "authors": [_cff_author(author) for author in work.authors],
        "year": work.year,
        "journal": work.journal,
        "collection-title": work.book_title,
        "editors": [_cff_author(editor) for editor in work.editors],
        "volume": work.volume,
        "issue": work.issue,
        "number": work.number,
        "start": first and int(first),
        "end": last and int(last),
        "institution" if work.type == "report" else "publisher": publisher,
        "url": work.url,
        "notes": work.note,
    }
    return {name: value for name, value in fields.items() if value}


def _cff_author(author: str) -> dict[str, str]:
    if author.startswith("{"):
        return {"name": author[1:-1]}
    family, given = author.split(", ")
    return {"family-names": family, "given-names": given}
