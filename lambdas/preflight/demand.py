"""Check that demand exists, is recent enough, and fits on the instance's disk."""

from datetime import date, datetime, timedelta

from contract.calendar.due import last_day
from contract.calendar.labels import Label, label_text
from contract.data_files import FORMATS
from contract.state.run_state import DemandFacts
from lambdas.shared.clock import local_date

from .check_results import CheckResult, failed, ok

GIGABYTE = 1_000_000_000
# A shop that is closed on Sundays delivers its week before the week ends.
EARLY = timedelta(days=2)


def check_demand(
    demand: DemandFacts,
    cutoff: Label | None,
    *,
    uri: str,
    frequency: str,
    period_label: str,
    time_zone: str,
    volume_gb: int,
) -> list[CheckResult]:
    """Check the demand's files from outside. The job checks their content.

    Args:
        demand: Number of possible `tables`, total `bytes` of the files, and time of the `newest` file (ISO).
        cutoff: The last period the run needs; None for the last period of the demand.
        uri: Prefix of the files.
        frequency: Frequency of the demand; empty if the job infers it.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        time_zone: IANA name of the zone in which a period begins.
        volume_gb: Size of the instance's disk, in GB.

    Raises:
        ValueError: If the time zone is unknown.
    """
    if demand["tables"] == 0:
        return [failed(f"demand: no files in {uri}; upload {FORMATS} there")]
    results = []
    size = demand["bytes"] / GIGABYTE
    if demand["bytes"] == 0:
        results.append(failed(f"demand: all files in {uri} are empty; upload them again"))
    if size > volume_gb:
        results.append(
            failed(f"demand: {size:,.0f} GB do not fit on a disk of {volume_gb:,} GB; raise training_job.volume_gb")
        )
    written = datetime.fromisoformat(demand["newest"])
    if cutoff is not None and (ended := _ended(cutoff, frequency, period_label)) is not None:
        day = local_date(written, time_zone=time_zone)
        if day < ended - EARLY:
            results.append(
                failed(
                    f"demand: the newest file in {uri} is from {day}, but the cutoff period {label_text(cutoff)} "
                    f"ended on {ended}, so its demand is incomplete; upload the missing demand"
                )
            )
    return results or [ok(f"demand: {demand['tables']:,} files, {size:,.3f} GB, newest from {written:%F %H:%M}")]


def _ended(cutoff: Label, frequency: str, period_label: str) -> date | None:
    """Return the last day of a period; None if the frequency has no known calendar."""
    try:
        return last_day(cutoff, frequency=frequency, label=period_label)
    except ValueError:
        return None
