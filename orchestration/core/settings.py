"""The settings of one process: paths and choices, made once by an entry point and passed down.

The entry points are the command line, ``orchestration.definitions``, the classes that dagster.yaml names
(``orchestration.defs.instance``) and the dbt process. Nothing else reads or writes the environment, except that child
processes inherit it (`child_environment`).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestration.core.errors import WarehouseError

PACKAGES = Path(__file__).resolve().parents[2]  # holds the packages orchestration and analysis
_IN_A_WHEEL = PACKAGES / "orchestration" / "project"
# dbt_project, docs, dagster.yaml and requirements.lock: the checkout, or their copy in an installed wheel.
REPOSITORY = _IN_A_WHEEL if _IN_A_WHEEL.is_dir() else PACKAGES
DBT_PROJECT = REPOSITORY / "dbt_project"
ORCHESTRATION = PACKAGES / "orchestration"
SOURCES_DIR = ORCHESTRATION / "sources"

REAL, SAMPLE = "real", "sample"
COMMAND_LINE, DAGSTER_UI = "command line", "Dagster UI"  # who started a run
# Tags of a run. REFRESH_TAG joins the runs of one refresh, one for each stage; FAILED_TAG names what failed in a run
# that ended without an error.
STARTED_BY_TAG, DATA_TAG, CHANGED_TAG = "warehouse/started_by", "warehouse/data", "warehouse/changed"
REFRESH_TAG, STAGE_TAG, FAILED_TAG = "warehouse/refresh", "warehouse/stage", "warehouse/failed"


@dataclass(frozen=True)
class Settings:
    """Paths and choices of one process.

    Attributes
    ----------
    data_dir : Path
        WAREHOUSE_DATA_DIR, by default ``data`` in the checkout; without a checkout, the user's data folder of the
        operating system. Everything that is written is written below it,
        except the built script of the explorer, which is in the user's cache folder.
    mirror_dir : Path or None
        WAREHOUSE_MIRROR, a folder ``<source>/<file>`` that is searched before the network.
    sources : str
        WAREHOUSE_SOURCES, ``real`` (strict: real data or failure) or ``sample`` (the synthetic world).
    offline : bool
        WAREHOUSE_OFFLINE=1 never uses the network.
    keep_publications : int
        WAREHOUSE_KEEP_PUBLICATIONS, how many publications are kept (at least 1, by default 5).
    refresh_cron : str
        WAREHOUSE_REFRESH_CRON, when the schedule ticks, in UTC (by default Mondays at 05:00).
    watch_seconds : int
        WAREHOUSE_WATCH_SECONDS, the pause between two checks of mirror and publishers (by default a day).
    alert_webhook : str or None
        WAREHOUSE_ALERT_WEBHOOK, where alerts are posted. A secret: never printed, logged or stored.
    dask_address : str or None
        WAREHOUSE_DASK, address of a Dask scheduler that runs the inference's tasks; None for this machine.
    lake_address : str or None
        WAREHOUSE_LAKE, the PostgreSQL address of a shared lake (docs/lake.md); None for local files. It may hold a
        password, and is a secret as a whole: never printed, logged or stored.
    lake_data : str or None
        WAREHOUSE_LAKE_DATA, folder or s3:// address of the lake's Parquet files; None for the location recorded in the
        lake, which starts as ``lake`` in the data folder.
    s3_endpoint : str or None
        DUCKDB_S3_ENDPOINT, an S3-compatible store that expects buckets in the path of an address.
    catalog_dir : Path
        WAREHOUSE_CATALOG_DIR, the folder of the source records (*.yml), by default the project's own.
    """

    data_dir: Path
    mirror_dir: Path | None = None
    sources: str = REAL
    offline: bool = False
    keep_publications: int = 5
    refresh_cron: str = "0 5 * * 1"
    watch_seconds: int = 86_400
    alert_webhook: str | None = field(default=None, repr=False)
    dask_address: str | None = None
    lake_address: str | None = field(default=None, repr=False)
    lake_data: str | None = None
    s3_endpoint: str | None = None
    catalog_dir: Path = SOURCES_DIR

    @property
    def cache_dir(self) -> Path:
        """Verified source files, ``<source>/<version>/<file>``."""
        return self.data_dir / "sources"

    @property
    def sample_dir(self) -> Path:
        """Source files of the synthetic sample, laid out as a mirror."""
        return self.data_dir / "sample_mirror"

    @property
    def raw_dir(self) -> Path:
        """Raw tables, ``<table>.parquet``."""
        return self.data_dir / "raw"

    @property
    def published_raw_dir(self) -> Path:
        """Raw tables of the current publication, to compare the next load with."""
        return self.data_dir / "raw_published"

    @property
    def build_path(self) -> Path:
        """The database that dbt writes when no lake is configured."""
        return self.data_dir / "build.duckdb"

    @property
    def results_dir(self) -> Path:
        """Results tables, ``<table>.parquet``."""
        return self.data_dir / "results"

    @property
    def publications_dir(self) -> Path:
        """Kept publications, ``<publication id>.duckdb``."""
        return self.data_dir / "publications"

    @property
    def warehouse_path(self) -> Path:
        """The current publication of this data folder."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def presentation_dir(self) -> Path:
        """Tables and figures of the current publication."""
        return self.data_dir / "publication"

    @property
    def alerts_dir(self) -> Path:
        """Alert records."""
        return self.data_dir / "alerts"

    @property
    def dagster_dir(self) -> Path:
        """DAGSTER_HOME of the servers: Dagster's storage and logs, and a copy of dagster.yaml."""
        return self.data_dir / "dagster"

    @property
    def dbt_target_dir(self) -> Path:
        """Dbt's artifacts of the last build."""
        return self.data_dir / "dbt_target"

    @property
    def dyads_target_dir(self) -> Path:
        """Dbt's artifacts of the last build of the dyad-years."""
        return self.data_dir / "dbt_target_dyads"

    @property
    def lock_path(self) -> Path:
        """File lock of a refresh."""
        return self.data_dir / "refresh.lock"

    @property
    def daemon_lock_path(self) -> Path:
        """File lock of a daemon."""
        return self.data_dir / "daemon.lock"

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are the synthetic sample."""
        return self.sources == SAMPLE

    def without_lake(self) -> "Settings":
        """Copy these settings for work on local files only."""
        return replace(self, lake_address=None, lake_data=None)

    def environment(self) -> dict[str, str]:
        """Environment variables with which another process (dbt, Dagster's daemon) has the same settings.

        Returns
        -------
        dict of str to str
            Variable to value. It holds the secrets of these settings: pass it to a child process, never to a log.
        """
        variables = {
            "WAREHOUSE_DATA_DIR": str(self.data_dir),
            "WAREHOUSE_SOURCES": self.sources,
            "WAREHOUSE_KEEP_PUBLICATIONS": str(self.keep_publications),
            "WAREHOUSE_REFRESH_CRON": self.refresh_cron,
            "WAREHOUSE_WATCH_SECONDS": str(self.watch_seconds),
            "WAREHOUSE_CATALOG_DIR": str(self.catalog_dir),
            "WAREHOUSE_RAW_DIR": self.raw_dir.name,  # dbt runs in the data folder
            "WAREHOUSE_BUILD_PATH": self.build_path.name,
            "WAREHOUSE_DBT_TARGET": "lake" if self.lake_address else "build",
            "WAREHOUSE_LAKE": self.lake_address or "",
            "DO_NOT_TRACK": "1",
            "OPENBLAS_NUM_THREADS": "1",  # the fits' small matrix products are slower on more threads than on one
        }
        if self.mirror_dir:
            variables["WAREHOUSE_MIRROR"] = str(self.mirror_dir)
        if self.dask_address:
            variables["WAREHOUSE_DASK"] = self.dask_address
        if self.lake_data:
            variables["WAREHOUSE_LAKE_DATA"] = self.lake_data
        if self.offline:
            variables["WAREHOUSE_OFFLINE"] = "1"
        # libpq finds the password here, so that no statement, message or log of DuckDB and dbt contains it.
        password = urlsplit(self.lake_address or "").password
        if password:
            variables["PGPASSWORD"] = unquote(password)
        return variables


def child_environment(settings: Settings) -> dict[str, str]:
    """Environment for a child process: what this process inherited (PATH, HOME, locale), with these settings on top.

    Parameters
    ----------
    settings : Settings
        Settings of the child.

    Returns
    -------
    dict of str to str
        For ``subprocess``; never for a log, since it holds secrets.
    """
    return {**os.environ, **settings.environment()}


def environment_with_program(program: Path) -> dict[str, str]:
    """Environment for a child process that finds a program and those beside it first.

    Parameters
    ----------
    program : Path
        The program, such as npm, which starts the node beside it.

    Returns
    -------
    dict of str to str
        What this process inherited, with the folder of the program first in PATH.
    """
    return {**os.environ, "PATH": os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])}


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Make the settings from environment variables.

    Parameters
    ----------
    environ : Mapping of str to str
        The environment, ``os.environ`` in an entry point.

    Returns
    -------
    Settings
        With absolute paths.

    Raises
    ------
    WarehouseError
        If a variable has an unusable value.
    """
    mirror = environ.get("WAREHOUSE_MIRROR")
    sources = environ.get("WAREHOUSE_SOURCES", REAL)
    if sources not in (REAL, SAMPLE):
        raise invalid_setting("WAREHOUSE_SOURCES", expected=f"{REAL} or {SAMPLE}", found=sources)
    catalog_dir = Path(environ.get("WAREHOUSE_CATALOG_DIR") or SOURCES_DIR).resolve()
    if not any(catalog_dir.glob("*.yml")):
        raise invalid_setting(
            "WAREHOUSE_CATALOG_DIR",
            expected="a folder with one *.yml for each source, such as a copy of orchestration/sources",
            found=f"no *.yml in {catalog_dir}",
        )
    return Settings(
        data_dir=Path(environ.get("WAREHOUSE_DATA_DIR") or _default_data_dir()).resolve(),
        mirror_dir=Path(mirror).resolve() if mirror else None,
        sources=sources,
        offline=environ.get("WAREHOUSE_OFFLINE", "") not in ("", "0"),
        keep_publications=_positive_integer(environ, "WAREHOUSE_KEEP_PUBLICATIONS", Settings.keep_publications),
        refresh_cron=environ.get("WAREHOUSE_REFRESH_CRON") or Settings.refresh_cron,
        watch_seconds=_positive_integer(environ, "WAREHOUSE_WATCH_SECONDS", Settings.watch_seconds),
        alert_webhook=_secret_address(environ, "WAREHOUSE_ALERT_WEBHOOK", "https://", "http://"),
        dask_address=environ.get("WAREHOUSE_DASK") or None,
        lake_address=_secret_address(environ, "WAREHOUSE_LAKE", "postgresql://", "postgres://"),
        lake_data=_folder_or_bucket(environ, "WAREHOUSE_LAKE_DATA"),
        s3_endpoint=environ.get("DUCKDB_S3_ENDPOINT") or None,
        catalog_dir=catalog_dir,
    )


def _default_data_dir() -> Path:
    if REPOSITORY is PACKAGES:
        return REPOSITORY / "data"
    from platformdirs import user_data_path

    return user_data_path("alliance-warehouse", appauthor=False)


def invalid_setting(variable: str, *, expected: str, found: str) -> WarehouseError:
    """Make the error for an environment variable with an unusable value.

    Parameters
    ----------
    variable : str
        Its name.
    expected, found : str
        What it must be and what it is; never repeat a secret here.

    Returns
    -------
    WarehouseError
        For the caller to raise.
    """
    return WarehouseError(
        "A setting is invalid.",
        where=f"environment variable {variable}",
        expected=expected,
        found=found,
        next_step="Set it to a valid value, or unset it.",
    )


def _positive_integer(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable, str(default))
    if not text.isdigit() or int(text) < 1:
        raise invalid_setting(variable, expected="a whole number from 1", found=text)
    return int(text)


def _secret_address(environ: Mapping[str, str], variable: str, *schemes: str) -> str | None:
    """Read an address that is a secret: the error does not repeat it."""
    address = environ.get(variable) or None
    if address and not address.startswith(schemes):
        raise invalid_setting(variable, expected=f"an address that begins with {' or '.join(schemes)}", found="another")
    return address


def _folder_or_bucket(environ: Mapping[str, str], variable: str) -> str | None:
    location = environ.get(variable) or None
    if location is None or location.startswith("s3://"):
        return location and location.rstrip("/")
    return str(Path(location).resolve())
