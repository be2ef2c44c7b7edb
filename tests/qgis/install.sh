#!/bin/sh
# Installs the programs that the tests with QGIS Server need. Succeeds if they are there.
set -u
. "$(dirname "$0")/../tools/debian.sh"
installed() {
    found spawn-fcgi nginx caddy pdftotext pdftoppm && [ -x /usr/lib/cgi-bin/qgis_mapserv.fcgi ] &&
        /usr/bin/python3 -c "import qgis.core, qgis.server" 2> /dev/null
}
# The packages start their own services, which the tests do not use.
install_packages qgis-server python3-qgis spawn-fcgi nginx-light caddy poppler-utils
