#!/bin/sh
# Installs GDAL's programs and Python module. Succeeds if they are there.
set -u
. "$(dirname "$0")/../tools/debian.sh"
installed() {
    found gdalinfo gdal_translate ogrinfo ogr2ogr && /usr/bin/python3 -c "from osgeo import gdal, ogr" 2> /dev/null
}
install_packages gdal-bin python3-gdal
