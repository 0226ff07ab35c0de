"""The covariate encoding of a model. A later run that reuses the model must encode its covariates the same way."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from job_code.exogenous.covariate_store import StoredCovariates
from job_code.exogenous_files.covariate_shuffle_files import ShuffledTable
from job_code.exogenous_files.shuffled_covariates import ShuffledCovariates
from job_code.tables.validation_report import ValidationReport


@dataclass(frozen=True)
class CovariateEncoding:
    """Covariate columns of a trained model.

    Attributes:
        names: Names of the columns, in the order of the model's features.
        categories: Values of each text column. A value is encoded as its position.
        positive: Columns whose values were always above zero.
    """

    names: tuple[str, ...] = ()
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    positive: tuple[str, ...] = ()

    @classmethod
    def of(cls, covariates: StoredCovariates) -> "CovariateEncoding":
        """Return the encoding of the covariates that a run uses."""
        used, schemas = set(covariates.names), [table.schema for table in covariates.tables]
        return cls(
            covariates.names,
            {name: known for schema in schemas for name, known in schema.categorical.items() if name in used},
            tuple(name for schema in schemas for name in schema.positive if name in used),
        )

    def apply_schema(self, shuffled: ShuffledCovariates) -> ShuffledCovariates:
        """Return the covariates of a later run with the model's categories. Unknown categories become missing."""

        def fitted(table: ShuffledTable) -> ShuffledTable:
            schema = table.schema
            categorical = {name: self.categories.get(name, own) for name, own in schema.categorical.items()}
            positive = tuple(name for name in schema.numeric if name in self.positive)
            return replace(table, schema=replace(schema, categorical=categorical, positive=positive))

        return replace(shuffled, tables=tuple(map(fitted, shuffled.tables)))

    def check_compatible(self, covariates: StoredCovariates, findings: ValidationReport) -> StoredCovariates:
        """Return the covariates of a later run that the model uses, and report incompatible columns.

        Args:
            covariates: All covariates of the run.
            findings: Takes columns that are missing or have another type or other categories.
        """
        for problem in self._problems(covariates):
            findings.add_message(f"covariates: {problem}, or train a new model")
        return covariates.only(self.names)

    def _problems(self, covariates: StoredCovariates) -> Iterator[str]:
        missing = [name for name in self.names if name not in covariates.names]
        if missing:
            yield f"columns of the model are missing or unusable: {', '.join(missing)}. Upload them"
        schemas = [table.schema for table in covariates.tables]
        texts = {name: values for schema in schemas for name, values in schema.categorical.items()}
        for name in self.names:
            if name not in missing and (name in texts) != (name in self.categories):
                was, now = ("a number", "text") if name in texts else ("text", "a number")
                yield f"{name} is {now}, but was {was} in training. Upload it as {was}"
            elif name not in missing and texts.get(name) != self.categories.get(name):
                yield f"{name} has other categories than in training. Upload it as in training"
        kept = tuple(name for name in covariates.names if name in self.names)
        if not missing and kept != self.names:
            yield "the columns are in other files than in training. Upload them in the same files"
