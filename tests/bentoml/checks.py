"""Checks with names: each is run, what failed is told at the end."""

import contextlib
import sys
import traceback

_failed = []


@contextlib.contextmanager
def check(name):
    """Runs a check; the others go on when it fails."""
    try:
        yield
    except Exception:
        _failed.append(name)
        print(f"FAILED  {name}")
        traceback.print_exc(file=sys.stdout)
    else:
        print(f"ok      {name}")


def equal(got, expected):
    assert type(got) is type(expected) and got == expected, f"got {got!r}, expected {expected!r}"


@contextlib.contextmanager
def fails(kind, *words, code=None):
    """Expects an exception whose message has some words."""
    try:
        yield
    except kind as error:
        assert type(error) is kind, f"{type(error)} rather than {kind}"
        for word in words:
            assert word in str(error), f"{word!r} is not in {str(error)!r}"
        assert code is None or error.error_code == code, f"code {error.error_code}"
    else:
        raise AssertionError(f"no {kind.__name__}")


def end():
    """Ends the script: well only if every check has passed."""
    if _failed:
        sys.exit("failed: " + "; ".join(_failed))
