"""Read a page of HTML in tests."""

from html.parser import HTMLParser

VOID = {"meta", "img", "source", "wbr", "link"}


class Page(HTMLParser):
    """The content of a page: every start tag with its attributes, and the text of each element that has an id."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[tuple[str, str | None]] = []
        self.texts: dict[str, str] = {}
        self.cells: dict[str, list[list[str]]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append((tag, attributes.get("id")))
        if tag == "tr":
            self.cells.setdefault(self._table(), []).append([])
        if tag in ("td", "th"):
            self.cells[self._table()][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag, f"{tag} closed in the wrong order"

    def handle_data(self, data: str) -> None:
        for _, identity in self.open:
            if identity:
                self.texts[identity] = self.texts.get(identity, "") + data
        if self.open and self.open[-1][0] in ("td", "th"):
            self.cells[self._table()][-1][-1] += data

    def _table(self) -> str:
        return next(identity for _, identity in reversed(self.open) if (identity or "").startswith("table-"))

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]
