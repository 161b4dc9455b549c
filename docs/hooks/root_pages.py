"""MkDocs hook: show the Markdown files of the repository's root as pages of the site."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages, with their links rewritten to where the targets are on the site."""
    root = Path(config.config_file_path).parent
    for name, page in PAGES.items():
        text = (root / name).read_text(encoding="utf-8").replace("](docs/", "](")
        for linked, target in PAGES.items():
            text = text.replace(f"]({linked}", f"]({target}")
        text = text.replace("[CITATION.cff](CITATION.cff)", "`CITATION.cff`")
        files.append(File.generated(config, page, content=text))
    return files
