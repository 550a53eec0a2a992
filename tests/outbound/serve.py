"""Serves as each worker of `bentoml serve` does: `python serve.py PORT [FOLDER MODULE:SERVICE]`, peer.py unless told.

The workers of `bentoml serve` itself have sessions of their own, and outlive a parent that is killed.
"""

import os
import socket
import sys
from pathlib import Path

from _bentoml_impl.worker.service import main

port, folder, service, *_ = sys.argv[1:] + [Path(__file__).parent, "peer:Peer"][len(sys.argv) - 2 :]
os.chdir(folder)
listener = socket.create_server(("127.0.0.1", int(port)))
main([service, "--service-name", service.partition(":")[2], "--fd", str(listener.detach()), "--worker-id", "1"])
