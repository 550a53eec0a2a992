"""Comes in by a token, and not without one."""

import sys

import bentoml
from bentoml.exceptions import BentoMLException

from checks import check, end, equal, fails

token, url = sys.argv[1:]

with check("with the token"):
    with bentoml.SyncHTTPClient(url, token=token) as client:
        equal(client.greet("Ada"), "Hello, Ada.")

for wrong in (None, "another"):
    with check(f"with the token {wrong}"):
        with fails(BentoMLException, "Failed to fetch schema"):
            bentoml.SyncHTTPClient(url, token=wrong)

end()
