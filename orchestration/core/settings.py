"""Where everything lies, read once from the environment; no other module reads it."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestration.core.errors import WarehouseError

REPOSITORY = Path(__file__).resolve().parents[2]
DBT_PROJECT = REPOSITORY / "dbt_project"
SOURCES_DIR = REPOSITORY / "orchestration" / "sources"

REAL, SAMPLE = "real", "sample"
COMMAND_LINE, DAGSTER_UI = "command line", "Dagster UI"  # who asked for a run


@dataclass(frozen=True)
class Settings:
    """The folders and choices of one run.

    data_dir: WAREHOUSE_DATA_DIR, by default ``data`` in the repository; everything written lies below it.
    mirror_dir: WAREHOUSE_MIRROR, a folder ``<source>/<file>`` that is searched before the network, or None.
    sources: WAREHOUSE_SOURCES, ``real`` (strict: real data or failure) or ``sample`` (the synthetic world).
    offline: WAREHOUSE_OFFLINE=1 never asks the network.
    keep_publications: WAREHOUSE_KEEP_PUBLICATIONS, how many publications stay (at least 1, by default 5).
    refresh_cron: WAREHOUSE_REFRESH_CRON, when the schedule ticks, in UTC (by default Mondays at 05:00).
    watch_seconds: WAREHOUSE_WATCH_SECONDS, the pause between two looks at mirror and publishers (by default a day).
    alert_webhook: WAREHOUSE_ALERT_WEBHOOK, where alerts are posted, or None. A secret: never printed, logged or kept.
    dask_address: WAREHOUSE_DASK, address of a Dask scheduler that takes the inference's tasks, or None for this machine.
    lake_address: WAREHOUSE_LAKE, the PostgreSQL address of a shared lake (docs/lake.md), or None for files of this
        machine alone. It may hold a password, and is a secret as a whole: never printed, logged or kept.
    lake_data: WAREHOUSE_LAKE_DATA, folder or s3:// address of the lake's Parquet files, or None for the one on record
        in the lake, at first ``lake`` in the data folder.
    catalog_dir: WAREHOUSE_CATALOG_DIR, the folder of the sources' records (*.yml), by default the project's own.
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
    catalog_dir: Path = SOURCES_DIR

    @property
    def cache_dir(self) -> Path:
        return self.data_dir / "sources"

    @property
    def sample_dir(self) -> Path:
        return self.data_dir / "sample_mirror"

    @property
    def raw_dir(self) -> Path:
        return self.data_dir / "raw"

    @property
    def build_path(self) -> Path:
        return self.data_dir / "build.duckdb"

    @property
    def results_dir(self) -> Path:
        return self.data_dir / "results"

    @property
    def publications_dir(self) -> Path:
        return self.data_dir / "publications"

    @property
    def warehouse_path(self) -> Path:
        return self.data_dir / "warehouse.duckdb"

    @property
    def presentation_dir(self) -> Path:
        return self.data_dir / "publication"

    @property
    def alerts_dir(self) -> Path:
        return self.data_dir / "alerts"

    @property
    def dagster_dir(self) -> Path:
        return self.data_dir / "dagster"

    @property
    def dbt_target_dir(self) -> Path:
        return self.data_dir / "dbt_target"

    @property
    def dyads_target_dir(self) -> Path:
        return self.data_dir / "dbt_target_dyads"

    @property
    def lock_path(self) -> Path:
        return self.data_dir / "refresh.lock"

    @property
    def is_synthetic(self) -> bool:
        return self.sources == SAMPLE

    def environment(self) -> dict[str, str]:
        """The variables with which another process (dbt, Dagster's daemon) sees the same settings."""
        variables = {
            "WAREHOUSE_DATA_DIR": str(self.data_dir),
            "WAREHOUSE_SOURCES": self.sources,
            "WAREHOUSE_KEEP_PUBLICATIONS": str(self.keep_publications),
            "WAREHOUSE_REFRESH_CRON": self.refresh_cron,
            "WAREHOUSE_WATCH_SECONDS": str(self.watch_seconds),
            "WAREHOUSE_CATALOG_DIR": str(self.catalog_dir),
            "WAREHOUSE_RAW_DIR": self.raw_dir.name,  # dbt_process.py works in the data folder
            "WAREHOUSE_BUILD_PATH": self.build_path.name,
            "WAREHOUSE_DBT_TARGET": "lake" if self.lake_address else "build",
            "DAGSTER_HOME": str(REPOSITORY),
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
        return variables

    def lake_password(self) -> dict[str, str]:
        """The password in lake_address, if any, where PostgreSQL's own library looks for it."""
        password = urlsplit(self.lake_address or "").password
        return {"PGPASSWORD": unquote(password)} if password else {}


def from_environment() -> Settings:
    """Read the settings; WarehouseError where a variable has a value that cannot be used."""
    mirror = os.environ.get("WAREHOUSE_MIRROR")
    sources = os.environ.get("WAREHOUSE_SOURCES", REAL)
    if sources not in (REAL, SAMPLE):
        raise WarehouseError(
            "The sources asked for are unknown.",
            where="environment variable WAREHOUSE_SOURCES",
            expected=f"{REAL} or {SAMPLE}",
            found=sources,
            next_step="set it to one of these, or unset it",
        )
    catalog_dir = Path(os.environ.get("WAREHOUSE_CATALOG_DIR") or SOURCES_DIR).resolve()
    if not any(catalog_dir.glob("*.yml")):
        raise WarehouseError(
            "The folder of source records has none.",
            where="environment variable WAREHOUSE_CATALOG_DIR",
            expected="a folder with one *.yml for each source, such as a copy of orchestration/sources",
            found=str(catalog_dir),
            next_step="set it to such a folder, or unset it",
        )
    return Settings(
        data_dir=Path(os.environ.get("WAREHOUSE_DATA_DIR") or REPOSITORY / "data").resolve(),
        mirror_dir=Path(mirror).resolve() if mirror else None,
        sources=sources,
        offline=os.environ.get("WAREHOUSE_OFFLINE", "") not in ("", "0"),
        keep_publications=_whole_number("WAREHOUSE_KEEP_PUBLICATIONS", Settings.keep_publications),
        refresh_cron=os.environ.get("WAREHOUSE_REFRESH_CRON") or Settings.refresh_cron,
        watch_seconds=_whole_number("WAREHOUSE_WATCH_SECONDS", Settings.watch_seconds),
        alert_webhook=_secret_address("WAREHOUSE_ALERT_WEBHOOK", "https://", "http://"),
        dask_address=os.environ.get("WAREHOUSE_DASK") or None,
        lake_address=_secret_address("WAREHOUSE_LAKE", "postgresql://", "postgres://"),
        lake_data=_folder_or_bucket("WAREHOUSE_LAKE_DATA"),
        catalog_dir=catalog_dir,
    )


def _whole_number(variable: str, default: int) -> int:
    text = os.environ.get(variable, str(default))
    if not text.isdigit() or int(text) < 1:
        raise WarehouseError(
            "A setting is not usable.",
            where=f"environment variable {variable}",
            expected="a whole number from 1",
            found=text,
            next_step="set it to such a number, or unset it",
        )
    return int(text)


def _secret_address(variable: str, *beginnings: str) -> str | None:
    """The address, which is a secret: the error does not repeat it."""
    address = os.environ.get(variable) or None
    if address and not address.startswith(beginnings):
        raise WarehouseError(
            "A setting is not usable.",
            where=f"environment variable {variable}",
            expected=f"an address that begins with {' or '.join(beginnings)}",
            found="something else",
            next_step="set it to such an address, or unset it",
        )
    return address


def _folder_or_bucket(variable: str) -> str | None:
    place = os.environ.get(variable) or None
    if place is None or place.startswith("s3://"):
        return place and place.rstrip("/")
    return str(Path(place).resolve())
