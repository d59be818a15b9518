"""Runs the resident system: ``python -m examples.town.legacy.resident --data DIR --port N``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from examples.town.legacy.ready import announce, free_port, stop_signals
from examples.town.legacy.resident.cluster import Cluster, ClusterFailed


def main() -> int:
    """Start the server, say so, and stay until told to stop; 1 if the server died by itself."""
    parser = argparse.ArgumentParser(prog="examples.town.legacy.resident")
    parser.add_argument("--data", type=Path, required=True, help="the generator's folder resident/")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    arguments = parser.parse_args()
    port = arguments.port or free_port()
    with stop_signals() as asked:
        try:
            cluster = Cluster(arguments.data, port)
            cluster.start()
        except ClusterFailed as failure:
            print(failure, file=sys.stderr)
            return 1
        try:
            announce(port)
            while not asked.wait(0.5):
                if cluster.poll() is not None:
                    return 1
        finally:
            cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
