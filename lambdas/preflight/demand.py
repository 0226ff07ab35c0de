"""Whether there is demand, as new as the run needs it, and small enough for the machine."""

from datetime import date, datetime, timedelta

from contract.data_files import IN_WORDS
from contract.periods import last_day
from contract.state.run_state import DemandFacts
from lambdas.shared.clock import local_date

from .findings import Finding, fine, wrong

GIGABYTE = 1_000_000_000
# A shop that is closed on Sundays delivers its week before it is over.
EARLY = timedelta(days=2)


def check_demand(
    demand: DemandFacts,
    cutoff: date | None,
    *,
    uri: str,
    frequency: str,
    period_label: str,
    time_zone: str,
    volume_gb: int,
) -> list[Finding]:
    """Looks at what was found under the demand's prefix; the files themselves are for the job to read.

    Args:
        demand: The `tables` (how many files could be some), their `bytes`, and when the `newest` was written (ISO).
        cutoff: The last period the run needs; None: whichever is there.
        uri: Where the files lie.
        frequency: Of the demand; empty where the job is to find out.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        time_zone: IANA name of the zone in which a period begins.
        volume_gb: The machine's disk.

    Raises:
        ValueError: If nobody here knows the zone.
    """
    if demand["tables"] == 0:
        return [wrong(f"demand: no Parquet or CSV files in {uri}; upload some there ({IN_WORDS})")]
    findings = []
    size = demand["bytes"] / GIGABYTE
    if demand["bytes"] == 0:
        findings.append(wrong(f"demand: all files in {uri} are empty; upload them anew"))
    if size > volume_gb:
        findings.append(
            wrong(f"demand: {size:,.0f} GB do not fit on a disk of {volume_gb:,} GB; raise training_job.volume_gb")
        )
    written = datetime.fromisoformat(demand["newest"])
    if cutoff is not None and (ended := _ended(cutoff, frequency, period_label)) is not None:
        day = local_date(written, time_zone=time_zone)
        if day < ended - EARLY:
            findings.append(
                wrong(
                    f"demand: the newest file in {uri} is of {day}, and the period {cutoff}, which the run is to end "
                    f"with, ended on {ended}: its demand cannot all be there; upload it"
                )
            )
    return findings or [fine(f"demand: {demand['tables']:,} files, {size:,.3f} GB, the newest of {written:%F %H:%M}")]


def _ended(cutoff: date, frequency: str, period_label: str) -> date | None:
    """The last day of a period, where the calendar is known."""
    try:
        return last_day(cutoff, frequency=frequency, label=period_label)
    except ValueError:
        return None
