#!/bin/sh
# Installs Chromium. Succeeds if it is there.
set -u
. "$(dirname "$0")/../tools/debian.sh"
installed() {
    found chromium
}
install_packages chromium fonts-liberation
