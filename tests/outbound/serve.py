"""Serves peer.py as each worker of `bentoml serve` does: `python serve.py PORT`.

The workers of `bentoml serve` itself have sessions of their own, and outlive a parent that is killed.
"""

import os
import socket
import sys
from pathlib import Path

from _bentoml_impl.worker.service import main

os.chdir(Path(__file__).parent)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
main(["peer:Peer", "--service-name", "Peer", "--fd", str(listener.detach()), "--worker-id", "1"])
