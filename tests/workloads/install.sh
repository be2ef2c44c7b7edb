#!/bin/sh
# Installs valgrind. Succeeds if it is there.
set -u
. "$(dirname "$0")/../tools/debian.sh"
installed() {
    found valgrind
}
install_packages valgrind
