"""`make preflight`: what a run or a deployment of an environment would stumble over, looked up from a laptop."""
