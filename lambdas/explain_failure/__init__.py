"""ExplainFailure: says in one line what broke and whether a rerun helps.

`classify` decides by where the failure came from, `kind_of_code` reads the codes of our own containers,
`platform_words` knows AWS's words, and `kinds` has the advice for each kind of failure.
"""
