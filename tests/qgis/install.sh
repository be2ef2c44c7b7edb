#!/bin/sh
# Installs the missing programs that the tests with QGIS Server need, from Debian's packages, as root or with sudo. Succeeds
# if everything is installed.
set -u
missing() {
    for program in spawn-fcgi nginx caddy pdftotext pdftoppm; do
        command -v "$program" > /dev/null || return 0
    done
    [ -x /usr/lib/cgi-bin/qgis_mapserv.fcgi ] || return 0
    /usr/bin/python3 -c "import qgis.core, qgis.server" 2> /dev/null || return 0
    return 1
}
missing || exit 0
command -v apt-get > /dev/null || exit 1
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
# The packages start their own services, which the tests do not use.
$as_root apt-get -qq install -y --no-install-recommends qgis-server python3-qgis spawn-fcgi nginx-light caddy poppler-utils > /dev/null
! missing
