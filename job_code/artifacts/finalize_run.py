"""Finalize a run: after its forecasts, write the report, the data-quality report and, last, the manifest."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np

from contract.s3.manifest import DraftManifest, Manifest
from job_code.artifacts.draft_run import Forecasts, RunDraft
from job_code.artifacts.manifest import complete_manifest
from job_code.preparation.data_quality import sound_report
from job_code.report.published_run import PublishedRun, RunComparison, UnusableManifestError
from job_code.report.render import render
from job_code.runtime.output_store import Output, put_json
from job_code.runtime.progress import Progress
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency


def finalize_run(
    draft: RunDraft,
    forecasts: Forecasts,
    *,
    published: Path | None,
    output: Output,
    progress: Progress,
    folder: Path,
) -> Manifest:
    """Write the report, the data-quality report and the manifest of a run.

    Args:
        draft: The run without its forecasts.
        forecasts: The stored forecasts.
        published: Manifest of the last published run, or its folder; None without one.
        output: Store of the run's files.
        progress: Progress of the run, with the durations of its stages.
        folder: Folder for temporary files.

    Returns:
        The manifest, which is also the last file written.
    """
    frequency, first = _calendar(draft), draft.manifest["first_period"]
    begin = frequency.period_of_text(first)
    labels = [frequency.text_of(begin + step) for step in range(len(forecasts.total))]
    with progress.stage("report"):
        compared = _compared(published, draft, forecasts.total, progress)
        manifest = complete_manifest(
            cast("DraftManifest", draft.manifest),
            forecasts,
            labels,
            compared_with=compared.to_dict() if compared else None,
            seconds={**draft.seconds, **progress.seconds},
            now=datetime.now(UTC),
        )
        quality = manifest["data_quality"]
        page = folder / Path(draft.keys.report).name
        page.write_text(render(manifest, quality, draft.charts, compared), encoding="utf-8")
        output.put(page, draft.keys.report)
    put_json(sound_report(quality), draft.keys.data_quality, output, folder)
    put_json(manifest, draft.keys.manifest, output, folder)
    output.finish()
    return manifest


def _calendar(draft: RunDraft) -> Frequency:
    configuration = draft.manifest["configuration"]
    return Frequency.of(draft.manifest["frequency"], configuration["time_zone"], configuration["period_label"])


def _compared(published: Path | None, draft: RunDraft, total: Floats, progress: Progress) -> RunComparison | None:
    """Compare with the last published run. An unusable manifest of that run does not fail this run."""
    if published is None:
        return None
    try:
        before = PublishedRun.read(published)
    except UnusableManifestError as error:
        progress.log(f"the report has no comparison with the last published run: {error}")
        return None
    frequency = _calendar(draft)
    cutoff = frequency.period_of_text(draft.manifest["cutoff"])
    return RunComparison.of(before, frequency, cutoff, total, np.array(draft.charts.recent, dtype=np.float64))
