"""Alert records: one JSON file in data/alerts for each failed refresh and for new bytes at a publisher.

A record has the fields of `Alert` and ``posted``: "no address is set", "yes", or "no: " and the reason. The address to
which alerts are posted is a secret: no record, message or log contains it.
"""

import json
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import Settings
from orchestration.store.publication_file import PublicationFile

POST_TIMEOUT_SECONDS = 5.0
FAILED, NEW_BYTES = "refresh failed", "new bytes at the publisher"
NO_RUN = "no run"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alert:
    """What happened, and what to do about it.

    Attributes
    ----------
    kind : str
        ``refresh failed`` or ``new bytes at the publisher``.
    time : str
        End of the run, or time of the check of the sources; ISO 8601 in UTC.
    subject : str
        Id of the run, ``no run`` if a refresh failed before Dagster created one, or source and file for new bytes.
    asked_by : str
        What started the run or the check: command line, schedule, sensor or Dagster UI.
    data : str
        ``real`` or ``SYNTHETIC``.
    step : str
        First step that failed, or "".
    message : str
        The error, or what the publisher offers.
    published : str or None
        Id of the current publication.
    next_step : str
        What the reader of the alert should do.
    """

    kind: str
    time: str
    subject: str
    asked_by: str
    data: str
    step: str
    message: str
    published: str | None
    next_step: str


def failed_refresh(
    settings: Settings,
    *,
    asked_by: str,
    message: str,
    step: str = "",
    run_id: str = NO_RUN,
    ended: datetime | None = None,
) -> Alert:
    """Describe a failed refresh. The next step is the one that its message names.

    Parameters
    ----------
    settings : Settings
        Settings of the refresh.
    asked_by, message, step : str
        As in `Alert`.
    run_id : str
        Dagster's id of the run.
    ended : datetime, optional
        End of the run; by default now.

    Returns
    -------
    Alert
        Not yet kept or posted.
    """
    named = [line.partition("next:")[2].strip() for line in message.splitlines() if line.strip().startswith("next:")]
    return Alert(
        kind=FAILED,
        time=(ended or datetime.now(UTC)).isoformat(timespec="seconds"),
        subject=run_id,
        asked_by=asked_by,
        data="SYNTHETIC" if settings.is_synthetic else "real",
        step=step,
        message=message,
        published=published_id(settings),
        next_step=named[0] if named else "Open the run with warehouse ui, fix what its log names, then: warehouse run",
    )


def raise_alert(settings: Settings, alert: Alert) -> Path | None:
    """Keep an alert in data/alerts and post it; two processes that report the same run make one record.

    Raises nothing: a failed refresh must not fail again because of its alert. Trouble with keeping or posting goes to
    the log.

    Parameters
    ----------
    settings : Settings
        With the folder of the alerts and, optionally, the address to post to.
    alert : Alert
        What to report.

    Returns
    -------
    Path or None
        The new record, or None if its subject already has one or it could not be written.
    """
    try:
        path = _keep(settings.alerts_dir, alert)
        if path:
            posted = _post(settings.alert_webhook, alert)
            with write_atomically(path) as stream:
                stream.write(json.dumps(asdict(alert) | {"posted": posted}, indent=1).encode())
        return path
    except (OSError, WarehouseError) as error:
        log.warning("The alert could not be stored: %s", getattr(error, "strerror", None) or type(error).__name__)
        return None


def alerts(settings: Settings) -> Iterator[dict[str, Any]]:
    """Read the alert records, newest first; a damaged record is skipped.

    Parameters
    ----------
    settings : Settings
        With the folder of the alerts.

    Yields
    ------
    dict
        Fields of `Alert` and ``posted``.
    """
    for path in sorted(settings.alerts_dir.glob("*.json"), reverse=True):
        try:
            yield json.loads(path.read_text())
        except (OSError, ValueError):
            continue


def published_id(settings: Settings) -> str | None:
    """Id of the current publication of the data folder, or None without one."""
    record = PublicationFile(settings.warehouse_path).record()
    return str(record["publication_id"]) if record else None


def _keep(folder: Path, alert: Alert) -> Path | None:
    """Write <time>-<subject>.json completely unless the subject has one; of concurrent writers, one succeeds."""
    folder.mkdir(parents=True, exist_ok=True)
    when = datetime.fromisoformat(alert.time).astimezone(UTC)
    subject = re.sub(r"[^A-Za-z0-9.-]+", "_", alert.subject)
    if alert.subject != NO_RUN and any(folder.glob(f"*-{subject}.json")):
        return None
    path = folder / f"{when:%Y%m%dT%H%M%SZ}-{subject}.json"
    descriptor, scratch = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with open(descriptor, "w") as stream:
            json.dump(asdict(alert) | {"posted": "no: not tried yet"}, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(scratch, 0o644)
        os.link(scratch, path)
    except FileExistsError:
        return None
    finally:
        os.unlink(scratch)
    return path


def _post(address: str | None, alert: Alert) -> str:
    """Post the alert as JSON and return the value of ``posted``. Redirects are not followed."""
    if not address:
        return "no address is set"
    body, headers = json.dumps(asdict(alert)).encode(), {"Content-Type": "application/json"}
    try:
        with build_opener(_NoRedirects).open(Request(address, body, headers), timeout=POST_TIMEOUT_SECONDS):
            return "yes"
    except HTTPError as error:
        return f"no: HTTP status {error.code}"
    except (OSError, ValueError, HTTPException) as error:  # its text may contain the address
        return f"no: {type(getattr(error, 'reason', error)).__name__}"


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None
