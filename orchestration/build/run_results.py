"""Results of the last dbt build, read from run_results.json and manifest.json in dbt's target folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAILED = ("error", "fail", "runtime error")
SKIPPED = "skipped"
UNIT_TEST = "unit_test"
TESTS = ("test", UNIT_TEST)


@dataclass(frozen=True)
class NodeResult:
    """What dbt reports of one model, seed or test.

    Attributes
    ----------
    unique_id : str
        dbt's id, ``<kind>.<project>.<name>``.
    status : str
        dbt's word: success, pass, warn, fail, error, skipped ...
    failures : int or None
        Rows that a test returned.
    message : str
        dbt's message on one line, empty if there is none.
    """

    unique_id: str
    status: str
    failures: int | None
    message: str

    @property
    def kind(self) -> str:
        """Resource type: model, seed, test, unit_test ..."""
        return self.unique_id.split(".")[0]

    @property
    def name(self) -> str:
        """Name without the resource type and the project."""
        return self.unique_id.split(".", 2)[2]

    @property
    def short_name(self) -> str:
        """Name of the test itself, or of the model: without the tested model, the version and dbt's hash."""
        return self.name.split(".")[-1 if self.kind == UNIT_TEST else 0]

    @property
    def has_failed(self) -> bool:
        """Whether dbt counts it as failed."""
        return self.status in FAILED

    @property
    def is_test(self) -> bool:
        """Whether it is a data test or a unit test."""
        return self.kind in TESTS


def read_run_results(target: Path) -> list[NodeResult]:
    """Read every result of the last build.

    Parameters
    ----------
    target : Path
        dbt's target folder.

    Returns
    -------
    list of NodeResult
        In the order of run_results.json; empty if the file is missing or damaged, as after a killed build.
    """
    try:
        results = json.loads((target / "run_results.json").read_text())["results"]
        return [
            NodeResult(
                result["unique_id"], result["status"], result["failures"], " ".join((result["message"] or "").split())
            )
            for result in results
        ]
    except (OSError, ValueError, KeyError):
        return []


def read_manifest(target: Path) -> dict[str, Any]:
    """Read the manifest that the last build or parse left in a folder.

    Parameters
    ----------
    target : Path
        dbt's target folder, or the folder of a kept parse.

    Returns
    -------
    dict
        dbt's manifest.json.

    Raises
    ------
    OSError, ValueError
        If it is missing or damaged.
    """
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return manifest


def node_of(manifest: Mapping[str, Any], result: NodeResult) -> Mapping[str, Any]:
    """Find the manifest's entry of one result, test or unit test included."""
    nodes: Mapping[str, Mapping[str, Any]] = manifest["nodes"]
    return nodes.get(result.unique_id) or manifest["unit_tests"][result.unique_id]
