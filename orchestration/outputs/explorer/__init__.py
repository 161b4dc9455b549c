"""One HTML file that answers SQL and draws: the publication and DuckDB's WebAssembly in a page that needs no network.

Belongs here: the reduced copy of a publication, building the front end (``frontend``, TypeScript), and the page.

Does not belong here: what the page shows. It reads that by SQL from the copy.
"""
