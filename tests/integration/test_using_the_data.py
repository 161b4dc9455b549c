"""The snippets of docs/using-the-data.md print what the page shows."""

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.query.run import write_result
from orchestration.store.publication_file import PublicationFile
from tests.support.shell import REPOSITORY, Shell

PAGE = (REPOSITORY / "docs" / "using-the-data.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def blocks_with_output(language: str) -> list[tuple[str, str]]:
    """Pair every snippet of a language with the text block after it."""
    pairs = zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True)
    return [(code, output if kind == "text" else "") for (name, code), (kind, output) in pairs if name == language]


@pytest.fixture(scope="module")
def desk(real_warehouse: Shell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder that the page assumes: data/warehouse.duckdb and export/."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "data").symlink_to(real_warehouse.data_dir)
    done = real_warehouse("export", str(folder / "export"))
    assert done.returncode == 0, done.stderr
    return folder


def test_python_snippets_print_what_the_page_shows(desk: Path) -> None:
    snippets = blocks_with_output("python")
    assert len(snippets) == 3
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code for code, _ in snippets)],
        check=False, cwd=desk, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "".join(output for _, output in snippets), done.stderr


@pytest.mark.parametrize(("statement", "output"), blocks_with_output("sql"))
def test_sql_snippets_print_what_the_page_shows(real_warehouse: Shell, statement: str, output: str) -> None:
    out = io.BytesIO()
    write_result(PublicationFile(real_warehouse.published), statement, "table", out)
    assert out.getvalue().decode() == output


def test_the_r_snippet_prints_what_the_page_says(desk: Path) -> None:
    needed = "stopifnot(requireNamespace('haven'), requireNamespace('sandwich'))"
    rscript = shutil.which("Rscript")
    if not rscript or subprocess.run([rscript, "-e", needed], check=False, capture_output=True).returncode:
        pytest.skip("no R with haven and sandwich")
    code = next(code for name, code in BLOCKS if name == "r")
    done = subprocess.run([rscript, "-e", code], check=False, cwd=desk, capture_output=True, text=True, timeout=120)
    printed = done.stdout.splitlines()[-1].split()
    (documented,) = re.findall(r"prints `(.*?)`", PAGE)
    assert [f"{float(number):.5f}" for number in printed] == [f"{float(number):.5f}" for number in documented.split()]
