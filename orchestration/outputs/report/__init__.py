"""One self-contained HTML page of a publication: what was run on what, what it says, and what it cannot say."""
