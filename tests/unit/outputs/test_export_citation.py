"""Citations have the fields of each producer's citation, for the sources that were used and no others."""

import re
from datetime import UTC, datetime

import pytest
import yaml
from pydantic import ValidationError

from orchestration.core.settings import SOURCES_DIR
from orchestration.ingest.catalog import load_catalog
from orchestration.ingest.citation import (
    METHODS,
    Reference,
    bibtex,
    citation_cff,
    references_of,
    software_reference,
)
from orchestration.ingest.records import Source

CATALOG = load_catalog(SOURCES_DIR)
PUBLICATION = {
    "publication_id": "p1",
    "published_at": datetime(2026, 1, 2, tzinfo=UTC),
    "is_synthetic": False,
    "software_version": "0.1.0",
    "note": "Real data",
}


def published(source: Source, **changes) -> dict:
    """The row of meta.sources that a refresh writes."""
    fields = ("title", "producer", "citation", "homepage")
    return {"source": source.name, "is_synthetic": False} | {name: getattr(source, name) for name in fields} | changes


@pytest.mark.parametrize("source", CATALOG.values(), ids=list(CATALOG))
def test_the_fields_are_those_of_the_citation(source: Source) -> None:
    for work in source.references:
        assert work.title in source.citation
        people = [name for author in (*work.authors, *work.editors) for name in author.strip("{}").split(", ")]
        location = f"{work.volume}({work.issue}): {work.pages}" if work.type == "article" else work.pages
        texts = [*people, work.journal, work.book_title, location, work.publisher, work.place, work.number, work.url]
        assert [text for text in texts if text and text not in source.citation] == []
    years = [int(year) for year in re.findall(r"\. ((?:19|20)\d\d)\. ", source.citation)]
    assert years == [work.year for work in source.references if work.year], "every work, in the citation's order"


def test_every_source_used_is_cited_once() -> None:
    works = references_of([published(source) for source in CATALOG.values() for _ in source.files], CATALOG)
    keys = [work.key for work in works]
    assert keys == sorted(set(keys))
    expected = {work.key for source in CATALOG.values() for work in source.references} | {w.key for w in METHODS}
    assert set(keys) == expected
    assert "kimball_2010" in keys
    assert len(keys) == len(METHODS) + sum(len(source.references) for source in CATALOG.values()), "no duplicate key"


def test_synthetic_data_have_no_producer() -> None:
    rows = [published(source, is_synthetic=True) for source in CATALOG.values()]
    assert references_of(rows, CATALOG) == sorted(METHODS, key=lambda work: work.key)


def test_a_citation_no_longer_on_record_is_kept_as_published() -> None:
    row = published(CATALOG["atop"], citation="Leeds et al. 1999. An earlier version.")
    (work,) = [work for work in references_of([row], CATALOG) if work not in METHODS]
    assert (work.key, work.note) == ("atop", "Leeds et al. 1999. An earlier version.")
    assert references_of([row], {})[0] == work


def test_bibtex() -> None:
    chapter = CATALOG["cow_nmc"].references[0]
    assert bibtex([chapter]) == (
        "@incollection{singer_bremer_stuckey_1972,\n"
        "  author = {Singer, J. David and Bremer, Stuart and Stuckey, John},\n"
        "  title = {{Capability Distribution, Uncertainty, and Major Power War, 1820-1965}},\n"
        "  year = {1972},\n"
        "  booktitle = {Peace, War, and Numbers},\n"
        "  editor = {Russett, Bruce},\n"
        "  pages = {19--48},\n"
        "  publisher = {Sage},\n"
        "  address = {Beverly Hills},\n"
        "}\n"
    )
    awkward = Reference(key="a", type="dataset", authors=("{A & B_C}",), title="50% {of} it", url="https://e.org/a_b")
    text = bibtex([awkward])
    assert r"author = {{A \& B\_C}}" in text
    assert r"title = {{50\% \{of\} it}}" in text
    assert "url = {https://e.org/a_b}" in text


def test_cff_has_the_software_and_every_work() -> None:
    works = references_of([published(source) for source in CATALOG.values()], CATALOG)
    record = yaml.safe_load(citation_cff(PUBLICATION, works))
    assert record["cff-version"] == "1.2.0"
    assert record["authors"]
    assert record["version"] == "0.1.0"
    assert record["abstract"].startswith("Publication p1")
    assert len(record["references"]) == len(works)
    (kimball,) = [r for r in record["references"] if r.get("start") == 407]
    assert kimball["authors"] == [{"family-names": "Kimball", "given-names": "Anessa L."}]
    assert (kimball["type"], kimball["year"], kimball["volume"], kimball["end"]) == ("article", 2010, 47, 419)
    for reference in record["references"]:
        assert {"type", "title", "authors"} <= set(reference), "required by the format"


def test_synthetic_data_are_not_offered_for_citation() -> None:
    publication = PUBLICATION | {"is_synthetic": True, "note": "SYNTHETIC: invented"}
    assert citation_cff(publication, METHODS).splitlines()[1].startswith("message: 'SYNTHETIC")
    assert "SYNTHETIC" in bibtex([software_reference(publication)])


@pytest.mark.parametrize("author", ["Anessa Kimball", "Kimball, Anessa, L.", "{World Bank", ""])
def test_an_author_is_a_person_or_a_body(author: str) -> None:
    with pytest.raises(ValidationError):
        Reference(key="a", type="book", authors=(author,), title="T")
