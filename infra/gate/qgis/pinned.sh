#!/bin/sh
# One QGIS process for one catalogue: pinned.sh PROJECT SOCKET
#
# The project stands in the environment of the process, where it beats every MAP of every request. The environment is
# built from nothing, so that no QGIS_SERVER_* of the machine (a folder of projects for the landing page, say) opens
# another way in. POZI_PLUGINS, if set, is the folder with the plugin pozi_gate, and POZI_PLUGIN_CATALOGUES its file.
set -eu
project=$1 socket=$2
[ -r "$project" ] || { echo "cannot read $project" >&2; exit 1; }
set -- QGIS_PROJECT_FILE="$project"
. "$(dirname "$0")/start.sh"
