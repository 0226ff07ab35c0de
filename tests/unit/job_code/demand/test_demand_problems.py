"""The problems of all shards are counted together, and their share decides their level."""

import polars as pl

from job_code.demand.demand_problems import Problem, Problems, report_problems
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport
from job_code.times.moments import MOMENT


def test_a_few_series_with_a_longer_step_are_a_note() -> None:
    examples = pl.DataFrame({"unique_id": ["W1"], MOMENT: ["every 7 days"]})
    shards: list[Problems] = [{"stepped": Problem(1, examples, of=100)}, {"stepped": Problem(0, examples[:0], of=100)}]
    findings = ValidationReport()
    report_problems(shards, Frequency("D"), findings, is_combined=False)
    assert not findings.messages()
    (note,) = findings.messages("note")
    assert note.startswith("demand: 1 series with a longer step than one day, e.g. W1 every 7 days. Set frequency")
    findings = ValidationReport()
    report_problems([*shards, {"stepped": Problem(2, examples, of=50)}], Frequency("D"), findings, is_combined=False)
    assert len(findings.messages()) == 1
