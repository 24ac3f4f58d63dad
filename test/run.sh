#!/bin/sh
# Runs the test files that node's runner cannot find by itself on Node 20 (no globs, no .ts):
# all of test/, or only the files named as arguments.
set -eu
cd "$(dirname "$0")/.."
if [ "$#" -gt 0 ]; then files="$*"; else files=$(find test -name '*.test.ts' -not -path 'test/e2e/*' | sort); fi
exec node --import tsx --test --test-concurrency=2 --test-timeout=120000 $files
