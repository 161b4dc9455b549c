"""What ``warehouse sources upgrade`` prints: the proposed record, what it changes, why it is refused, what comes next."""

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.ingest.fetch import sha256_of
from orchestration.publication.diff_text import summary_text, table_text
from orchestration.upgrade.preview import FailedTest, Preview
from orchestration.upgrade.propose import Proposal

FIELDS = ("file", "version", "sha256", "size_bytes", "publisher_url", "archive_member", "pinned_url")


def proposal_text(proposal: Proposal) -> str:
    """The fields of the record that change."""
    old, new = proposal.old_file, proposal.new_file
    if not proposal.is_new:
        return (
            f"{proposal.before.name}/{old.file}: these are the bytes on record (version {old.version}); nothing to do"
        )
    changed = [(field, getattr(old, field), getattr(new, field)) for field in FIELDS]
    lines = [f"  {field + ':':<15} {before} -> {after}" for field, before, after in changed if before != after]
    if old.pinned_url and not new.pinned_url:
        lines.append("  (the pinned copy has the old bytes)")
    if new.publisher_url == old.publisher_url:
        lines.append(f"  publisher_url stays {new.publisher_url}; --url records another")
    if old.tables != new.tables:
        lines.append("  tables:         the contract of the edited record")
    return "\n".join([f"{proposal.before.name}: a new version of {old.file}", *lines])


def preview_text(proposal: Proposal, found: Preview, limit: int) -> str:
    """Summary of raw and mart first, then each by column and decade, then the tests that fail on the new mart."""
    files = f"{proposal.new_file.file}, held against {proposal.old_file.file} (missing codes count as NULL)"
    parts = [
        f"raw tables of {files}\n{_schema(found)}{summary_text(found.raw)}",
        f"mart built from it, held against {found.baseline}\n{summary_text(found.marts)}",
        *(table_text(name, table, limit) for name, table in (found.raw | found.marts).items()),
        _tests("tests that the new mart fails", found.broken),
        _tests("tests of known figures that the new mart does not meet", found.changed_figures),
        "" if found.failed else "every test of the dbt project passes on the new mart",
    ]
    return "\n" + "\n\n".join(part for part in parts if part)


def refusal(found: Preview, accept_changed_figures: bool, *, can_confirm: bool) -> WarehouseError | None:
    """Why the version is not recorded, or None where it may be."""
    if found.broken:
        return WarehouseError(
            "The mart built from the new file fails its tests; nothing was recorded.",
            where=", ".join(test.name for test in found.broken),
            expected="every test passes",
            found=f"{len(found.broken)} failed, as listed above",
            next_step="change the model or the seed that the test names, then upgrade again",
        )
    if found.changed_figures and not accept_changed_figures:
        return WarehouseError(
            "Known figures change with the new file; nothing was recorded.",
            where=", ".join(test.name for test in found.changed_figures),
            expected="the figures that these tests have on record",
            found=f"{len(found.changed_figures)} tests that do not hold, as listed above",
            next_step="look at the differences; then either correct the figures in dbt_project and upgrade again, or"
            " give --accept-changed-figures: warehouse run will publish nothing until they are corrected",
        )
    if not can_confirm:
        return WarehouseError(
            "Nobody is here to agree to the new version; nothing was recorded.",
            expected="a terminal to ask at, or --yes",
            found="neither",
            next_step="read the differences above, then give --yes",
        )
    return None


def recorded_text(settings: Settings, proposal: Proposal) -> str:
    """What was written and what to do next."""
    new = proposal.new_file
    lines = [
        f"recorded in {proposal.path}; the file is in the cache",
        "next: warehouse run publishes it, and warehouse diff then shows what changed (restart warehouse ui if it runs)",
    ]
    offered = settings.mirror_dir / proposal.after.name / new.file if settings.mirror_dir else None
    if offered and offered.is_file() and sha256_of(offered) != new.sha256:
        lines.append(f"first put the new file into the mirror: {offered} has other bytes, which warehouse run refuses")
    return "\n".join(lines)


def _schema(found: Preview) -> str:
    lines = []
    for name, table in found.raw.items():
        lines += [f"{name}: column {column} added\n" for column in table.columns_added]
        lines += [f"{name}: column {column} removed\n" for column in table.columns_removed]
    return "".join(lines)


def _tests(title: str, failed: tuple[FailedTest, ...]) -> str:
    return "\n".join([f"{title}:", *(f"  {test.name}: {test.message[:200]}" for test in failed)]) if failed else ""
