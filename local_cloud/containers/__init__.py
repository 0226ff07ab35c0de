"""Container images without Docker: reads a Dockerfile, keeps images as folders, and serves ECR.

May import `core`. `docker_cli`, `dockerfile` and `images` start often, and use the standard library only.
"""
