"""`onejob acceptance`: proves on AWS, or rehearses in the local cloud, that the application works from first to last.

`accept` is the command. `run_acceptance` runs the `steps` in order and always removes what it deployed. Each step uses
a `Trial`: the deployed application in a `Place`. `record` lets a later command continue. `environment_file` writes the
settings of the deployment, `report` the Markdown report, with `costs` and `beliefs`.
The package may import everything in `cli` except `commands` and `main`.
"""
