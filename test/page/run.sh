#!/bin/sh
# The page in a real browser, Debian's chromium or the one that $CHROMIUM names: all of test/page, or only the files named
# as arguments.
set -eu
cd "$(dirname "$0")/../.."
if [ "$#" -gt 0 ]; then files="$*"; else files=$(find test/page -name '*.browser.ts' | sort); fi
exec node --enable-source-maps test/run.js $files
