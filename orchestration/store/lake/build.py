"""The build in the lake: where dbt's target ``lake`` writes, begun anew by each whole build so that it does not grow."""

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.store.lake.catalogue import BUILD, attached, data_path, extension_directory
from orchestration.store.lake.server import connection_string, shown


def begin_build(settings: Settings) -> None:
    """Empty the build's catalogue, and remove its files, those that a killed build left behind included."""
    with attached(settings, BUILD, writing=True) as connection:
        try:
            for (schema,) in connection.execute(
                "select schema_name from duckdb_schemas() where database_name = 'lake' and schema_name != 'main'"
            ).fetchall():
                connection.execute(f'drop schema lake."{schema}" cascade')
            connection.execute("call ducklake_expire_snapshots('lake', older_than => now())")
            connection.execute("call ducklake_cleanup_old_files('lake', cleanup_all => true)")
            connection.execute("call ducklake_delete_orphaned_files('lake', cleanup_all => true)")
        except duckdb.Error as error:
            raise WarehouseError(
                "The lake's build cannot be begun anew; what is published stands.",
                where=f"{shown(settings)}, schema {BUILD}",
                expected="a catalogue and a folder that this machine may write",
                found=str(error),
                next_step="mend what this names, then run again",
            ) from error


def dbt_variables(settings: Settings) -> dict[str, str]:
    """What the profile's target ``lake`` reads from the environment."""
    return {
        "WAREHOUSE_LAKE_CATALOGUE": f"ducklake:postgres:{connection_string(settings)}",
        "WAREHOUSE_LAKE_BUILD": data_path(settings, BUILD),
        "WAREHOUSE_LAKE_EXTENSIONS": str(extension_directory(settings)),
        **settings.lake_password(),
    }
