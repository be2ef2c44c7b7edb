#!/bin/sh
# Installs Chromium from Debian's packages if it is missing, as root or with sudo. Succeeds if it is installed.
set -u
command -v chromium > /dev/null && exit 0
command -v apt-get > /dev/null || exit 1
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
$as_root apt-get -qq install -y --no-install-recommends chromium fonts-liberation > /dev/null
command -v chromium > /dev/null
