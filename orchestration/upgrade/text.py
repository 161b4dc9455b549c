"""The text of ``warehouse sources upgrade``: the proposed record, what it changes, and why it is refused."""

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.ingest.fetch import sha256_of
from orchestration.publication.diff_text import summary_text, table_text
from orchestration.upgrade.preview import FailedTest, Preview
from orchestration.upgrade.propose import Proposal

FIELDS = ("file", "version", "sha256", "size_bytes", "released", "publisher_url", "archive_member", "pinned_url")


def proposal_text(proposal: Proposal) -> str:
    """List the fields of the record that change.

    Parameters
    ----------
    proposal : Proposal
        The proposed record.

    Returns
    -------
    str
        One line for each field, or one line if the bytes are those on record.
    """
    old, new = proposal.old_file, proposal.new_file
    if not proposal.is_new:
        return (
            f"{proposal.before.name}/{old.file}: the file is the one on record (version {old.version}); nothing to do"
        )
    changed = [(field, getattr(old, field), getattr(new, field)) for field in FIELDS]
    lines = [f"  {field + ':':<15} {before} -> {after}" for field, before, after in changed if before != after]
    if old.pinned_url and not new.pinned_url:
        lines.append("  (the pinned copy has the old bytes and is removed)")
    if new.publisher_url == old.publisher_url:
        lines.append(f"  publisher_url remains {new.publisher_url}; pass --url to change it")
    if old.tables != new.tables:
        lines.append("  tables:         contract of the edited record")
    return "\n".join([f"{proposal.before.name}: a new version of {old.file}", *lines])


def preview_text(proposal: Proposal, found: Preview, limit: int) -> str:
    """Summarize the differences of raw tables and marts, then list them by column and decade, then the failed tests.

    Parameters
    ----------
    proposal : Proposal
        The proposed record.
    found : Preview
        What it changes.
    limit : int
        Rows in each list.

    Returns
    -------
    str
        Several paragraphs, beginning with a blank line.
    """
    files = f"{proposal.new_file.file}, compared with {proposal.old_file.file} (missing codes count as NULL)"
    parts = [
        f"raw tables of {files}\n{_schema(found)}{summary_text(found.raw)}",
        f"mart built from it, compared with {found.baseline}\n{summary_text(found.marts)}",
        *(table_text(name, table, limit) for name, table in (found.raw | found.marts).items()),
        _tests("failed tests", found.broken),
        _tests("failed tests of known figures", found.changed_figures),
        "" if found.failed else "every test of the dbt project passes on the new mart",
    ]
    return "\n" + "\n\n".join(part for part in parts if part)


def refusal(found: Preview, accept_changed_figures: bool, *, can_confirm: bool) -> WarehouseError | None:
    """Decide whether the version may be recorded.

    Parameters
    ----------
    found : Preview
        What it changes.
    accept_changed_figures : bool
        Whether tests of known figures may fail.
    can_confirm : bool
        Whether the user can confirm, or has confirmed with --yes.

    Returns
    -------
    WarehouseError or None
        The refusal, for the caller to raise; None if the version may be recorded.
    """
    if found.broken:
        return WarehouseError(
            "The mart built from the new file fails its tests; nothing was recorded.",
            where=", ".join(test.name for test in found.broken),
            expected="every test passes",
            found=f"{len(found.broken)} failed, as listed above",
            next_step="Change the model or the seed that the test names, then upgrade again.",
        )
    if found.changed_figures and not accept_changed_figures:
        return WarehouseError(
            "Known figures change with the new file; nothing was recorded.",
            where=", ".join(test.name for test in found.changed_figures),
            expected="the figures in these tests",
            found=f"{len(found.changed_figures)} tests failed, as listed above",
            next_step="Check the differences. Then correct the figures in dbt_project and upgrade again, or pass"
            " --accept-changed-figures: warehouse run publishes nothing until the figures are corrected.",
        )
    if not can_confirm:
        return WarehouseError(
            "Confirmation required; pass --yes when running non-interactively. Nothing was recorded.",
            where="standard input",
            expected="a terminal, or --yes",
            found="neither",
            next_step="Check the differences above, then pass --yes.",
        )
    return None


def recorded_text(settings: Settings, proposal: Proposal) -> str:
    """State what was written and what to do next.

    Parameters
    ----------
    settings : Settings
        With the mirror folder, whose copy may be the old one.
    proposal : Proposal
        What was recorded.

    Returns
    -------
    str
        Two or three lines.
    """
    new = proposal.new_file
    lines = [
        f"recorded in {proposal.path}; the file is in the cache",
        "next: publish it with warehouse run, then compare with warehouse diff (restart warehouse ui if it is running)",
    ]
    offered = settings.mirror_dir / proposal.after.name / new.file if settings.mirror_dir else None
    if offered and offered.is_file() and sha256_of(offered) != new.sha256:
        lines.append(f"first copy the new file to the mirror: warehouse run refuses {offered}, which has other bytes")
    return "\n".join(lines)


def _schema(found: Preview) -> str:
    lines = []
    for name, table in found.raw.items():
        lines += [f"{name}: column {column} added\n" for column in table.columns_added]
        lines += [f"{name}: column {column} removed\n" for column in table.columns_removed]
    return "".join(lines)


def _tests(title: str, failed: tuple[FailedTest, ...]) -> str:
    return "\n".join([f"{title}:", *(f"  {test.name}: {test.message[:200]}" for test in failed)]) if failed else ""
