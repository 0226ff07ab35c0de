"""`python -m local_cloud serve` keeps a local cloud up in the foreground and prints its environment variables."""

import argparse
import signal
import sys
from pathlib import Path

from local_cloud.client.local_cloud import LocalCloud


def main() -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local_cloud", description=__doc__)
    serve = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="keep a local cloud up")
    serve.add_argument("--state", type=Path, help="folder for images, job folders and logs (default: temporary)")
    serve.add_argument("--region", default="eu-central-1")
    serve.add_argument("--account", default="123456789012")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with LocalCloud(options.state, region=options.region, account=options.account) as cloud:
            for name, value in cloud.environment.items():
                sys.stdout.write(f"export {name}={value}\n")
            sys.stdout.write(f"# state and logs: {cloud.state_folder}; press Ctrl-C to stop\n")
            sys.stdout.flush()
            signal.pause()
    except KeyboardInterrupt:  # also during start and stop
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
