#!/bin/sh
# The page in a real browser: Debian's chromium, or the one that $CHROMIUM names.
set -eu
cd "$(dirname "$0")/../.."
exec node --import tsx --test --test-concurrency=1 --test-timeout=120000 $(find test/page -name '*.browser.ts' | sort)
