"""CloudFormation: resource types, custom resources and answers about stacks that moto lacks.

May import `core`.
"""
