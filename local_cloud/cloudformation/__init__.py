"""CloudFormation: resource types, custom resources and stack operations that moto lacks.

May import `core`.
"""
