#!/bin/sh
# Installs GDAL's programs and Python module from Debian's packages if they are missing, as root or with sudo. Succeeds if they
# are installed.
set -u
missing() {
    for program in gdalinfo gdal_translate ogrinfo ogr2ogr; do
        command -v "$program" > /dev/null || return 0
    done
    /usr/bin/python3 -c "from osgeo import gdal, ogr" 2> /dev/null || return 0
    return 1
}
missing || exit 0
command -v apt-get > /dev/null || exit 1
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
$as_root apt-get -qq install -y --no-install-recommends gdal-bin python3-gdal > /dev/null
! missing
