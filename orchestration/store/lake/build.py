"""The build in the lake: where dbt's target ``lake`` writes, emptied by each whole build so that it does not grow."""

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.store.lake.catalogue import BUILD, attached, existing_or_new_data_path, extension_directory
from orchestration.store.lake.server import connection_string, public_address


def begin_build(settings: Settings) -> None:
    """Empty the build's catalogue and remove its files, including those of a killed build.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address``.

    Raises
    ------
    WarehouseError
        If the catalogue or its files cannot be written.
    """
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
                "The lake's build could not be emptied; the current publication is unchanged.",
                where=f"{public_address(settings)}, schema {BUILD}",
                expected="a catalogue and a folder that this machine may write",
                found=str(error),
                next_step="Correct what this names, then run again.",
            ) from error


def build_environment(settings: Settings) -> dict[str, str]:
    """Environment variables that the profile's target ``lake`` reads.

    Parameters
    ----------
    settings : Settings
        With a ``lake_address``.

    Returns
    -------
    dict of str to str
        Variable to value, without a password.
    """
    return {
        "WAREHOUSE_LAKE_CATALOGUE": f"ducklake:postgres:{connection_string(settings)}",
        "WAREHOUSE_LAKE_BUILD": existing_or_new_data_path(settings, BUILD),
        "WAREHOUSE_LAKE_EXTENSIONS": str(extension_directory(settings)),
    }
