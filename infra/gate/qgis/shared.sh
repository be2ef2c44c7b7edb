#!/bin/sh
# One QGIS process for all catalogues: shared.sh SOCKET
#
# It must not run without the plugin pozi_gate: POZI_PLUGINS is the folder that holds it, POZI_PLUGIN_CATALOGUES the file
# that maps catalogues to projects. Whether QGIS really loaded it, the gate's probe finds out.
set -eu
socket=$1
: "${POZI_PLUGINS:?the folder that holds the plugin pozi_gate}"
: "${POZI_PLUGIN_CATALOGUES:?the file that maps catalogues to projects}"
set --
. "$(dirname "$0")/start.sh"
