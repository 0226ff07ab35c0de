"""Container images without Docker: reads a Dockerfile, keeps images as folders, and serves ECR.

May import `core` and `middleware`. `docker_cli`, `dockerfile` and `images` start often: standard library only.
"""
