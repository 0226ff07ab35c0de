"""Runs linters of others on the code and on the synthesized templates: `python -m linters`.

Every finding is fixed, or acknowledged at its place with a reason: on the construct by `infra.common.nag`, or in a
comment (`comments`). An acknowledgment without a finding fails too (`findings`). `bandit` reads the Python code.
`templates` runs the linters of the templates: `checkov`, which also reads the workflows and the Dockerfile, `policies`
with parliament for every IAM policy, and `state_machines` with asl-validator for every definition. `assembly` reads the
templates, and `references` replaces the intrinsic functions in them. `programs` starts the linters. The package imports
nothing of the application.
"""
