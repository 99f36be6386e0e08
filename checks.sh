#!/usr/bin/env bash
# The commands CI runs, in the environment that is active. All are run; the exit code tells whether any failed.
set -u
cd "$(dirname "$0")" || exit 2
status=0
ruff check . || status=1
ruff format --check . || status=1
mypy || status=1
python -m pytest "$@" || status=1
exit "$status"
