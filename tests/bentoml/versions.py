"""Says which BentoML this is; then fails or hangs, if it is told to."""

import importlib.metadata
import subprocess
import sys
import time

print("bentoml", importlib.metadata.version("bentoml"))
match sys.argv[1:]:
    case ["fail"]:
        print("as it was told", file=sys.stderr)
        sys.exit(3)
    case ["hang"]:
        subprocess.Popen(["sleep", "600"])
        time.sleep(600)
