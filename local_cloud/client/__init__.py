"""The caller's side: `LocalCloud` starts the server, deploys assemblies, runs the CDK CLI and follows executions.

May import `core`, `middleware` and `containers`. It reaches everything else through the server's API.
"""
