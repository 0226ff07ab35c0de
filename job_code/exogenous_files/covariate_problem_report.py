"""Report invalid rows of covariates, with their places in the files."""

from job_code.exogenous_files.covariate_problems import Problems
from job_code.exogenous_files.covariate_reading import SOURCE
from job_code.exogenous_files.covariate_rules import by_column, configured_rules, default_rules
from job_code.exogenous_files.shuffled_covariates import ShuffledCovariates
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport


def report_covariate_problems(
    problems: Problems, covariates: ShuffledCovariates, frequency: Frequency, findings: ValidationReport
) -> None:
    """Report the invalid rows of all covariates. The first ones are looked up in the files.

    Args:
        problems: The invalid rows.
        covariates: All covariates, with their files.
        frequency: Calendar of the demand.
        findings: Takes the errors.
    """
    unit = frequency.unit
    tables = {table.columns.number: table for table in covariates.tables}
    configured = {name: rule for table in covariates.tables for name, rule in configured_rules(table).items()}
    for problem, count in sorted(problems.counts.items()):
        table = tables[problem.table]
        usual = default_rules(table, without=configured)
        setting = f"covariate_rules={by_column(configured | usual)}"
        held = f"covariate_rules={by_column(configured | dict.fromkeys(usual, 'hold'))}"
        mean = by_column(configured | {problem.column: "mean"})
        wording, remedy = {
            "off_calendar": (
                f"dated off the calendar {frequency.name} of the demand",
                f"Date every {unit} the same way as the demand. To combine the rows of a {unit}, set e.g. {setting}. "
                f"If a value holds until the next row, set {held}",
            ),
            "duplicates": (
                f"with the key and {unit} of another row",
                f"Keep one row per key and {unit}, or set rules, e.g. {setting}",
            ),
            "repeated": (
                "with the key and time of another row",
                f"Keep one of them, or set rules, e.g. {setting}",
            ),
            "conflicts": (
                f"with another value of {problem.column} than a row with the same key and time",
                "Keep one of them"
                if problem.column in table.columns.texts
                else f"Keep one of them, or set another rule, e.g. covariate_rules={mean}",
            ),
        }[problem.kind]
        examples = problems.examples[problem]
        found = covariates.files[problem.table].find(examples)
        findings.add(
            SOURCE,
            "row",
            f"{wording} in {table.description}",
            remedy=remedy,
            count=count,
            examples=[found[example] for example in examples if example in found],
        )
