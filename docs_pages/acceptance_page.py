"""Write `docs/acceptance.md` from the steps of the acceptance and from `docs/beliefs.toml`."""

from cli.acceptance.beliefs import Belief, read_beliefs
from cli.acceptance.steps.all_steps import DESTROY, STEPS
from docs_pages.markdown import NOTE, table

PAGE = """\
{note}

# Acceptance

For the engineer whose account has never run the application. The tests use the [local cloud](../local_cloud/README.md).
`make acceptance` proves the rest in AWS. It deploys an environment of its own, `<prefix>-acceptance`, with the settings
of the given one. It uses each operation once, prints what it expects of AWS and what it saw, and removes everything.

```
make acceptance ENVIRONMENT=dev
```

It takes about 50 minutes and costs less than a dollar. Before the first step it shows what it will do, and asks.
`ACCEPTANCE=--local` rehearses all of it in the local cloud, in about five minutes and without an account.

- **It stops when you press Ctrl-C**, removes what it has deployed, and writes the report.
- **It continues after an interruption.** If your computer stops or your credentials expire, run the same command again.
  The record is `out/acceptance/<environment>/record.json`.
- **A failed step does not stop it.** Steps that need the failed one are skipped. With `ACCEPTANCE=--keep`, it stops at
  the first failure, and everything stays deployed. Fix the cause, and run the same command again.
- **`ACCEPTANCE=--clean-up`** only removes what an interrupted acceptance has left.
- **The report**, `out/acceptance/<environment>/report.md`, has every step and belief. Attach it to a bug report, with
  the `commands.log` of the same folder. A rehearsal writes to `out/acceptance/<environment>-local/`.

It never touches other environments. It writes `environments/acceptance.toml`, which git ignores, and deletes it at the
end. Account, region, instance types, spot capacity, network, permissions boundary and budget are those of the given
environment. If AWS refuses a budget in the account, the acceptance deploys without it.

## Steps

{steps}

## Beliefs about AWS

The application relies on these facts about AWS, which the local cloud imitates but cannot prove. Each has its source.
If one of its steps fails, the report calls the belief in doubt.

{beliefs}
"""


def acceptance_page() -> str:
    """Return the page."""
    return PAGE.format(
        note=NOTE,
        steps=table(
            ("Step", "Expected of AWS", "Needs"),
            (
                (f"`{step.name}`", step.expects, ", ".join(f"`{name}`" for name in step.needs))
                for step in (*STEPS, DESTROY)
            ),
        ),
        beliefs=table(
            ("Belief", "Settled by", "Source"),
            ((belief.claim, _settled_by(belief), _link(belief.source)) for belief in read_beliefs()),
        ),
    )


def _settled_by(belief: Belief) -> str:
    if belief.steps:
        condition = f", if the settings have `{belief.only_with}`" if belief.only_with else ""
        return ", ".join(f"`{step}`" for step in belief.steps) + condition
    return f"No step: {belief.unsettled}"


def _link(source: str) -> str:
    """Return a link with a short text: a repository and number, or the last part of the address."""
    *_, owner, repository, kind, name = source.split("/")
    text = f"{owner}/{repository}#{name}" if kind in {"issues", "pull"} else name.removesuffix(".html")
    return f"[{text}]({source})"
