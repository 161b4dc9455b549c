"""The cached parse of the dbt project: a parse with one changed bit is not used."""

import shutil
from pathlib import Path

import pytest

from orchestration.build.manifest import PARSE, SEAL, is_sealed, parsed_project, prepare_target
from orchestration.core.settings import Settings


@pytest.mark.parametrize("name", [*PARSE, SEAL])
def test_damaged_parse_is_replaced_by_the_cached_one(name: str, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    kept, target = parsed_project(settings), tmp_path / "target"
    shutil.copytree(kept, target)
    assert is_sealed(kept)
    assert is_sealed(target)
    content = bytearray((target / name).read_bytes())
    content[len(content) // 3] ^= 1
    (target / name).write_bytes(content)
    assert not is_sealed(target)
    prepare_target(target, settings)
    for part in PARSE:
        assert (target / part).read_bytes() == (kept / part).read_bytes()


def test_damaged_cached_parse_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(tmp_path / "data")
    kept = parsed_project(settings)
    monkeypatch.setattr("orchestration.build.manifest.PARSED_DIR", tmp_path)
    shutil.copytree(kept, tmp_path / kept.name)
    compiled = []

    def compile_into(scratch: Path, _: Settings) -> None:
        compiled.append(scratch)
        for name in PARSE:
            shutil.copyfile(kept / name, scratch / name)

    monkeypatch.setattr("orchestration.build.manifest._compile_into", compile_into)
    assert parsed_project(settings) == tmp_path / kept.name
    assert not compiled
    (tmp_path / kept.name / PARSE[1]).write_bytes(b"garbage")
    again = parsed_project(settings)
    assert len(compiled) == 1
    assert (again / PARSE[1]).read_bytes() == (kept / PARSE[1]).read_bytes()
    assert is_sealed(again)
