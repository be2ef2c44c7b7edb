# Read by pinned.sh and shared.sh: starts QGIS Server on $socket with the variables in "$@" and few others.
#
# The limit on memory is there because a single odd request (a WFS Delete by FEATUREID as a GET, on 3.22) takes all there
# is; the kernel would then end somebody else.
ulimit -v "${POZI_QGIS_MEMORY_KB:-4000000}"
set -- "$@" PATH=/usr/bin:/bin LANG=C.UTF-8 HOME="${HOME:-/nonexistent}" QT_QPA_PLATFORM=offscreen \
    XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/nonexistent}" QGIS_SERVER_LOG_STDERR=1 QGIS_SERVER_LOG_LEVEL=1
if [ -n "${POZI_PLUGINS:-}" ]; then
    set -- "$@" QGIS_PLUGINPATH="$POZI_PLUGINS" POZI_PLUGIN_CATALOGUES="$POZI_PLUGIN_CATALOGUES"
fi
exec env -i "$@" spawn-fcgi -n -M 0660 -s "$socket" -- "${POZI_QGIS_FCGI:-/usr/lib/cgi-bin/qgis_mapserv.fcgi}"
