"""Report invalid rows of covariates, with their places in the files."""

from job_code.exogenous_files.covariate_problems import Problems
from job_code.exogenous_files.covariate_reading import SOURCE
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
    for problem, count in sorted(problems.counts.items()):
        rule = f"covariate_rules={problem.column}"
        wording, remedy = {
            "off_calendar": (
                f"dated off the calendar {frequency.name} of the demand",
                f"Date every {unit} the same way as the demand. To combine the rows of a {unit}, set e.g. {rule}=mean. "
                f"If a value holds until the next row, set {rule}=hold",
            ),
            "duplicates": (
                f"with the key and {unit} of another row",
                f"Keep one row per key and {unit}, or set a rule, e.g. {rule}=mean",
            ),
            "repeated": (
                "with the key and time of another row",
                f"Keep one of them, or set a rule, e.g. {rule}=mean",
            ),
            "conflicts": (
                f"with another value of {problem.column} than a row with the same key and time",
                f"Keep one of them, or set another rule, e.g. {rule}=mean",
            ),
        }[problem.kind]
        examples = problems.examples[problem]
        found = covariates.files[problem.table].find(examples)
        findings.add(
            SOURCE,
            "row",
            f"{wording} in {tables[problem.table].description}",
            remedy=remedy,
            count=count,
            examples=[found[example] for example in examples if example in found],
        )
