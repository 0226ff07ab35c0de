"""What SageMaker lets a job have in every account."""

# Of one Processing job. Settings are held against the same number (infra/settings/fleet.py), and a test against both.
MOST_INSTANCES = 100
