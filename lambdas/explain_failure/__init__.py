"""ExplainFailure: states in one line why an execution failed, and whether a rerun helps.

`classify` finds the type of failure from its source. `code_types` maps the error codes of onejob's own containers.
`aws_error_patterns` recognizes the messages of AWS. `failure_types` has the meaning and the advice for each type, and
`docs/errors.md` lists them.
"""
