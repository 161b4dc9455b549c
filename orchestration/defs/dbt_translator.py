"""How dbt's nodes appear in Dagster: models and seeds as assets, data tests and unit tests as asset checks."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster import AssetCheckSpec, AssetKey, AssetSpec, FreshnessPolicy
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject
from dagster_dbt.asset_utils import DAGSTER_DBT_UNIQUE_ID_METADATA_KEY

from orchestration.core.settings import DBT_PROJECT
from orchestration.defs.code_references import code_references
from orchestration.defs.columns import Pairs, column_metadata
from orchestration.defs.keys import OWNER, mart_key
from orchestration.publication.content import MART_TABLES

BUILT_CHECK = "built"
BUILT_MEANING = (
    "dbt ran the SQL, and columns, types and constraints are those of the contract. A failure means that this table,"
    " and what is made from it, was not refreshed."
)


class Translator(DagsterDbtTranslator):
    """Groups, tags, descriptions, code and column lineage of each node; the rest as in dagster-dbt.

    Parameters
    ----------
    lineage : Mapping
        Upstream columns by ``<schema>.<table>`` and column.
    freshness : FreshnessPolicy
        Of the marts.
    """

    def __init__(self, lineage: Mapping[str, Mapping[str, Pairs]], freshness: FreshnessPolicy) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))
        self._lineage = lineage
        self._freshness = freshness

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None = None
    ) -> AssetSpec:
        """The policy of freshness for the marts of every refresh; the rest is in the other methods."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        is_of_refresh = spec.key in map(mart_key, MART_TABLES)
        return spec.replace_attributes(freshness_policy=self._freshness) if is_of_refresh else spec

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Layer and name, also of a model with versions: the version that is built has the plain name."""
        if dbt_resource_props.get("version"):
            return AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])
        return super().get_asset_key(dbt_resource_props)

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Column schema, column lineage, and the files of the node."""
        columns = [
            (name, column["data_type"] or "?", column["description"])
            for name, column in dbt_resource_props["columns"].items()
        ]
        table = f"{dbt_resource_props['schema']}.{dbt_resource_props['name']}"
        return {
            **super().get_metadata(dbt_resource_props),
            **column_metadata(columns, self._lineage.get(table)),
            **code_references(*_files(dbt_resource_props)),
        }

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Dbt's description without the SQL, whose file is linked; the catalogue shows the first line."""
        text: str = dbt_resource_props["description"].strip()
        first, _, rest = text.partition("\n\n")
        return "\n\n".join(filter(None, [" ".join(first.split()), rest]))

    def get_asset_check_spec(
        self, asset_spec: AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> AssetCheckSpec | None:
        """The test's own description; otherwise as in dagster-dbt, which makes tests of severity error blocking."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        description = manifest["nodes"][unique_id].get("description")
        return spec._replace(description=" ".join(description.split())) if spec and description else spec

    def get_code_version(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Hash of the compiled SQL, so that a changed macro changes it."""
        compiled = dbt_resource_props.get("compiled_code")
        if compiled is None:
            return super().get_code_version(dbt_resource_props)
        return hashlib.sha256(compiled.encode()).hexdigest()[:16]

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Dbt's tags and the layer."""
        return {**super().get_tags(dbt_resource_props), "layer": dbt_resource_props["schema"]}

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Layer of a model: staging, intermediate or marts; seeds and sources belong to ingest."""
        return str(dbt_resource_props["fqn"][1]) if dbt_resource_props["resource_type"] == "model" else "ingest"

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The warehouse's owner."""
        return [OWNER]


def further_checks(manifest: Mapping[str, Any], specs: list[AssetSpec]) -> Iterator[AssetCheckSpec]:
    """Make the checks that dagster-dbt does not know: that a model was built, and its unit tests.

    Parameters
    ----------
    manifest : Mapping
        dbt's manifest.
    specs : list of AssetSpec
        Models and seeds of one invocation.

    Yields
    ------
    AssetCheckSpec
        With dbt's id in its metadata.
    """
    keys: dict[str, AssetKey] = {spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]: spec.key for spec in specs}
    for unique_id, key in keys.items():
        yield _check(BUILT_CHECK, key, BUILT_MEANING, unique_id)
    for unique_id, test in manifest["unit_tests"].items():
        (tested,) = test["depends_on"]["nodes"]
        made_with_it = [tested, *manifest["child_map"][tested]]  # a model that is no table is part of its first child
        for key in [keys[node] for node in made_with_it if node in keys][:1]:
            yield _check(test["name"], key, " ".join(test["description"].split()), unique_id)


def _check(name: str, key: AssetKey, description: str, unique_id: str) -> AssetCheckSpec:
    metadata = {DAGSTER_DBT_UNIQUE_ID_METADATA_KEY: unique_id}
    return AssetCheckSpec(name, asset=key, description=description, blocking=True, metadata=metadata)


def _files(props: Mapping[str, Any]) -> list[Path]:
    described_in = (props.get("patch_path") or "").partition("://")[2]
    return [DBT_PROJECT / path for path in (props["original_file_path"], described_in) if path]
