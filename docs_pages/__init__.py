"""The pages that follow from the code, and the checks of all pages: `python -m docs_pages`.

`failures_page`, `configuration_page` and `acceptance_page` write whole pages, `package_layers` a part of the
architecture page. `generated` compares them with the files. `readability` and `avoided_words` measure the prose.
`site_pages` is the hook that lets MkDocs build the site from the repository as it is.
May import: `contract`, `infra.settings`, `job_code.config`, `lambdas.explain_failure`, `lambdas.summarize_partitions`,
and the steps and beliefs of `cli.acceptance`.
"""
