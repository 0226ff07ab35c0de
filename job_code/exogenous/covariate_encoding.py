"""How covariates become numbers, as a model knows them: what a later run's covariates are fitted to."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from job_code.exogenous.covariate_files import ShuffledCovariates
from job_code.exogenous.covariate_shuffle_files import SpilledTable
from job_code.exogenous.covariate_store import StoredCovariates
from job_code.tables.validation_report import ValidationReport


@dataclass(frozen=True)
class CovariateEncoding:
    """The columns a model was trained with.

    Attributes:
        names: In the order of its features.
        categories: Column of text -> its values; each becomes its position.
        positive: Columns that were always above zero.
    """

    names: tuple[str, ...] = ()
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    positive: tuple[str, ...] = ()

    @classmethod
    def of(cls, covariates: StoredCovariates) -> "CovariateEncoding":
        """What a run has settled for its own covariates."""
        used, schemas = set(covariates.names), [table.schema for table in covariates.tables]
        return cls(
            covariates.names,
            {name: known for schema in schemas for name, known in schema.categorical.items() if name in used},
            tuple(name for schema in schemas for name in schema.positive if name in used),
        )

    def apply_schema(self, spilled: ShuffledCovariates) -> ShuffledCovariates:
        """Lets text mean to a later run what it means to the model; what that has never met is unknown."""

        def fitted(table: SpilledTable) -> SpilledTable:
            schema = table.schema
            categorical = {name: self.categories.get(name, own) for name, own in schema.categorical.items()}
            positive = tuple(name for name in schema.numeric if name in self.positive)
            return replace(table, schema=replace(schema, categorical=categorical, positive=positive))

        return replace(spilled, tables=tuple(map(fitted, spilled.tables)))

    def fit(self, covariates: StoredCovariates, findings: ValidationReport) -> StoredCovariates:
        """Keeps of a later run's covariates what the model knows.

        Args:
            covariates: All there are.
            findings: Takes note of columns that are missing or of another kind.
        """
        for problem in self._problems(covariates):
            findings.state(f"covariates: {problem}, or train anew")
        return covariates.only(self.names)

    def _problems(self, covariates: StoredCovariates) -> Iterator[str]:
        missing = [name for name in self.names if name not in covariates.names]
        if missing:
            yield f"{', '.join(missing)} is missing or unusable, which the model was trained with; upload it"
        schemas = [table.schema for table in covariates.tables]
        texts = {name: meant for schema in schemas for name, meant in schema.categorical.items()}
        for name in self.names:
            if name not in missing and (name in texts) != (name in self.categories):
                was, now = ("a number", "text") if name in texts else ("text", "a number")
                yield f"{name} is {now}, and was {was} when the model was trained; upload it as it was"
            elif name not in missing and texts.get(name) != self.categories.get(name):
                yield f"{name} does not mean what it meant when the model was trained; upload it as it was"
        kept = tuple(name for name in covariates.names if name in self.names)
        if not missing and kept != self.names:
            yield "the columns lie in other files than when the model was trained; upload them as they were"
