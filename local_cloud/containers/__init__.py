"""Container images without Docker: reads a Dockerfile, keeps images as folders, and serves ECR.

May import `core`. `docker_cli`, `dockerfile` and `images` start often, so they use only the standard library.
"""
