"""Alert records: one JSON file in data/alerts for each failed refresh and for new bytes at a publisher, posted if wished.

A record has the fields of Alert and ``posted``: "no address is set", "yes", or "no: " and why. The address it is posted
to is a secret and stands nowhere: not in the record, not in a message, not in a log.
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
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import Settings
from orchestration.store.publication_file import PublicationFile

POST_S = 5.0
FAILED, NEW_BYTES = "refresh failed", "new bytes at the publisher"
NO_RUN = "no run"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alert:
    """What happened, and what to do.

    kind: "refresh failed" or "new bytes at the publisher". time: of the run's beginning or of the look, ISO 8601, UTC.
    subject: the run's id; "no run" where a refresh failed before Dagster had one; source and file for new bytes.
    asked_by: command line, schedule, sensor or Dagster UI. data: real or SYNTHETIC. step: the first that failed, or "".
    published: the publication that stands, or None. next_step: what the reader of the alert should do.
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
    began: datetime | None = None,
) -> Alert:
    """The alert for a failed refresh; the next step is the one its message names. began: now, where it is not known."""
    named = [line.partition("next:")[2].strip() for line in message.splitlines() if line.strip().startswith("next:")]
    return Alert(
        kind=FAILED,
        time=(began or datetime.now(UTC)).isoformat(timespec="seconds"),
        subject=run_id,
        asked_by=asked_by,
        data="SYNTHETIC" if settings.is_synthetic else "real",
        step=step,
        message=message,
        published=published_id(settings),
        next_step=named[0] if named else "warehouse ui shows the run; mend what its log names, then warehouse run",
    )


def raise_alert(settings: Settings, alert: Alert) -> Path | None:
    """Keep the alert in data/alerts and post it; return its file, or None where its subject has one already.

    Two processes that know of the same failed run make one record. Raises nothing: a refresh that failed must not fail
    again over its alert, so that trouble in keeping or posting it only goes to the log.
    """
    try:
        path = _keep(settings.alerts_dir, alert)
        if path:
            posted = _post(settings.alert_webhook, alert)
            with write_atomically(path) as stream:
                stream.write(json.dumps(asdict(alert) | {"posted": posted}, indent=1).encode())
        return path
    except (OSError, WarehouseError) as error:
        log.warning("The alert could not be kept: %s", getattr(error, "strerror", None) or type(error).__name__)
        return None


def alerts(settings: Settings) -> Iterator[dict]:
    """Every alert record that can be read, newest first."""
    for path in sorted(settings.alerts_dir.glob("*.json"), reverse=True):
        try:
            yield json.loads(path.read_text())
        except (OSError, ValueError):
            continue


def published_id(settings: Settings) -> str | None:
    """The id of the publication that stands."""
    record = PublicationFile(settings.warehouse_path).record()
    return str(record["publication_id"]) if record else None


def _keep(folder: Path, alert: Alert) -> Path | None:
    """Write <time>-<subject>.json whole, unless the subject has one; of two who try at once, one succeeds."""
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
    """Post the alert as JSON; say whether that went well. Redirects are not followed, and no error names the address."""
    if not address:
        return "no address is set"
    content, kind = json.dumps(asdict(alert)).encode(), {"Content-Type": "application/json"}
    try:
        with build_opener(_NoRedirects).open(Request(address, content, kind), timeout=POST_S):
            return "yes"
    except HTTPError as error:
        return f"no: the server answers {error.code}"
    except (OSError, ValueError, HTTPException) as error:
        return f"no: {type(getattr(error, 'reason', error)).__name__}"


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_) -> None:
        return None
