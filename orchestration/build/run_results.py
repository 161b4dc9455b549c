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
        """Name of the model, seed or test."""
        return name_of(self.unique_id)

    @property
    def has_failed(self) -> bool:
        """Whether dbt counts it as failed."""
        return self.status in FAILED

    @property
    def is_test(self) -> bool:
        """Whether it is a data test or a unit test."""
        return self.kind in TESTS


def name_of(unique_id: str) -> str:
    """Find the name in dbt's id.

    Parameters
    ----------
    unique_id : str
        ``<kind>.<project>.<name>``, with the version of a model or the hash of a test behind it,
        ``source.<project>.<source>.<table>`` or ``unit_test.<project>.<model>.<name>``.

    Returns
    -------
    str
        Name of the model, seed or test, or of the table of a source.
    """
    kind, _, name, *rest = unique_id.split(".")
    return rest[0] if kind in ("source", "unit_test") else name


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


def table_of_test(node: Mapping[str, Any]) -> str | None:
    """Find the table that a test is about.

    Parameters
    ----------
    node : Mapping
        The manifest's entry of a data test or unit test.

    Returns
    -------
    str or None
        Name of the model, seed or source; of a test of several tables, the one that its ``meta`` names, or the first.
        None if it reads no table.
    """
    named = node["config"].get("meta", {}).get("dagster", {}).get("ref", {}).get("name")
    parents = [p for p in node["depends_on"]["nodes"] if p.startswith(("model.", "seed.", "source."))]
    tested = node.get("attached_node") or (parents[0] if parents else None)
    return named or (name_of(tested) if tested else None)
