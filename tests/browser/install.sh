#!/bin/sh
# Installs Chromium where this machine lacks it, from Debian's packages, as root or by sudo. Ends well when it is there.
set -u
command -v chromium > /dev/null && exit 0
command -v apt-get > /dev/null || exit 1
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
$as_root apt-get -qq install -y --no-install-recommends chromium fonts-liberation > /dev/null
command -v chromium > /dev/null
