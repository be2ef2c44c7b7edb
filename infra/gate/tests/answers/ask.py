"""Requests one answer of each kind from QGIS Server over FastCGI, and stores them.

    /usr/bin/python3 ask.py FOLDER

Makes two projects in FOLDER, one of them with an Advertised URL, asks for them as a FastCGI gateway does and as an HTTP
server on a loopback port does, and writes FOLDER/answers/PROJECT.WAY.NAME: headers, an empty line, the body.
"""

import os
import socket
import struct
import subprocess
import sys
from urllib.parse import quote

PROGRAM = "/usr/lib/cgi-bin/qgis_mapserv.fcgi"
ADVERTISED = "https://advertised.example/qgisserver?MAP=C:/Old/Roads.qgs&"
MAP = "CRS=EPSG:3857&BBOX=-10,-10,110,110&WIDTH=60&HEIGHT=60"
INFO = f"SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=Road%20Lines&QUERY_LAYERS=Road%20Lines&{MAP}&I=30&J=30&FI_POINT_TOLERANCE=60"
ITEMS = "/wfs3/collections/Road%20Lines/items"
HTML = "text/html"
JSON = "application/json"
REQUESTS = {
    "wms-1.3.0": ("", "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities", ""),
    "wms-1.1.1": ("", "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetCapabilities", ""),
    "settings": ("", "SERVICE=WMS&REQUEST=GetProjectSettings", ""),
    "describe-layer": ("", "SERVICE=WMS&VERSION=1.3.0&REQUEST=DescribeLayer&LAYERS=Road%20Lines&SLD_VERSION=1.1.0", ""),
    "context": ("", "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetContext", ""),
    "styles": ("", "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetStyles&LAYERS=Road%20Lines", ""),
    "legend": ("", "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYERS=Road%20Lines&FORMAT=application/json", ""),
    "map": ("", f"SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=Road%20Lines&STYLES=&{MAP}&FORMAT=image/png", ""),
    "info-xml": ("", f"{INFO}&INFO_FORMAT=text/xml", ""),
    "info-html": ("", f"{INFO}&INFO_FORMAT=text/html", ""),
    "info-gml": ("", f"{INFO}&INFO_FORMAT=application/vnd.ogc.gml", ""),
    "info-json": ("", f"{INFO}&INFO_FORMAT=application/json", ""),
    "info-text": ("", f"{INFO}&INFO_FORMAT=text/plain", ""),
    "no-layer": ("", f"SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=nosuch&STYLES=&{MAP}&FORMAT=image/png", ""),
    "wfs-1.1.0": ("", "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetCapabilities", ""),
    "wfs-1.0.0": ("", "SERVICE=WFS&VERSION=1.0.0&REQUEST=GetCapabilities", ""),
    "feature-type": ("", "SERVICE=WFS&VERSION=1.1.0&REQUEST=DescribeFeatureType", ""),
    "features-gml3": ("", "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=Road_Lines", ""),
    "features-gml2": ("", "SERVICE=WFS&VERSION=1.0.0&REQUEST=GetFeature&TYPENAME=Road_Lines&OUTPUTFORMAT=gml2", ""),
    "features-hits": ("", "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=Road_Lines&RESULTTYPE=hits", ""),
    "features-json": ("", "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=Road_Lines&OUTPUTFORMAT=geojson", ""),
    "no-type": ("", "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=nosuch", ""),
    "wmts": ("", "SERVICE=WMTS&REQUEST=GetCapabilities", ""),
    "wcs": ("", "SERVICE=WCS&REQUEST=GetCapabilities", ""),
    "api-landing": ("/wfs3", "", JSON),
    "api-landing-page": ("/wfs3.html", "", HTML),
    "api-conformance": ("/wfs3/conformance", "", JSON),
    "api-api": ("/wfs3/api", "", JSON),
    "api-api-page": ("/wfs3/api.html", "", HTML),
    "api-collections": ("/wfs3/collections", "", JSON),
    "api-collections-page": ("/wfs3/collections.html", "", HTML),
    "api-collection": ("/wfs3/collections/Road%20Lines", "", JSON),
    "api-collection-page": ("/wfs3/collections/Road%20Lines.html", "", HTML),
    "api-items": (ITEMS, "limit=2&offset=2", JSON),
    "api-items-page": (f"{ITEMS}.html", "limit=2&offset=2", HTML),
    "api-item": (f"{ITEMS}/1", "", JSON),
    "api-item-page": (f"{ITEMS}/1.html", "", HTML),
    "api-no-collection": ("/wfs3/collections/nosuch/items", "", JSON),
}


def make_project(path, advertised):
    """Makes a project with a layer of ten points, open to every service."""
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsFeature,
        QgsGeometry,
        QgsPointXY,
        QgsProject,
        QgsRectangle,
        QgsReferencedRectangle,
        QgsVectorFileWriter,
        QgsVectorLayer,
    )

    os.makedirs(os.path.dirname(path))
    project = QgsProject()
    crs = QgsCoordinateReferenceSystem("EPSG:3857")
    project.setCrs(crs)
    memory = QgsVectorLayer("Point?crs=EPSG:3857&field=name:string", "points", "memory")
    for number in range(10):
        point = QgsFeature(memory.fields())
        point.setAttributes([f"stone {number} https://stones.example/?map={number}"])
        point.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(number * 10, number * 10)))
        memory.dataProvider().addFeature(point)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    data = os.path.join(os.path.dirname(path), "data.gpkg")
    QgsVectorFileWriter.writeAsVectorFormatV3(memory, data, project.transformContext(), options)
    layers = [QgsVectorLayer(data, name, "ogr") for name in ("Road Lines", "Bäume")]
    for layer in layers:
        assert layer.isValid()
        project.addMapLayer(layer)
        layer.setAbstract(f"see https://stones.example/?a=1&b=2 or http://old.example/qgis?MAP={path}&SERVICE=WMS")
        layer.setDataUrl("https://stones.example/x?map=1")
        layer.setDataUrlFormat("text/html")
    ids = [layer.id() for layer in layers]
    project.writeEntry("WFSLayers", "/", ids)
    for change in ("Insert", "Update", "Delete"):
        project.writeEntry("WFSTLayers", change, ids)
    project.writeEntry("WMTSLayers", "Layer", ids)
    project.writeEntry("WMTSPngLayers", "Layer", ids)
    project.writeEntry("WMSServiceCapabilities", "/", True)
    project.writeEntry("WMSOnlineResource", "/", "https://stones.example/about?x=1&y=2")
    project.writeEntry("WMSAddWktGeometry", "/", True)
    if advertised:
        for service in ("WMS", "WFS", "WCS", "WMTS"):
            project.writeEntry(f"{service}Url", "/", advertised)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(QgsRectangle(0, 0, 100, 100), crs))
    assert project.write(path)


def ways(path, query):
    """The variables with the server's address, for FastCGI and for HTTP."""
    return {
        "fastcgi": {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "REQUEST_URI": f"{path or '/'}?{query}"},
        "http": {
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8085",
            "HTTP_HOST": "127.0.0.1:8085",
            "SCRIPT_NAME": "/qgis/qgis_mapserv.fcgi.exe",
            "REQUEST_URI": f"/qgis/qgis_mapserv.fcgi.exe{path}?{query}",
        },
        "header": {
            "SERVER_NAME": "localhost",
            "REQUEST_URI": f"{path or '/'}?{query}",
            "HTTP_X_QGIS_SERVICE_URL": "https://council.example/pozi/ows/roads",
        },
    }


def ask(address, variables):
    """Sends one request on a new connection (FastCGI 1.0 §3 to §5)."""

    def record(kind, content):
        return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content

    def length(text):
        return struct.pack("!I", len(text) | 1 << 31)

    pairs = b"".join(length(k) + length(v) + k + v for k, v in ((k.encode(), v.encode()) for k, v in variables.items()))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(address)
        connection.sendall(record(1, b"\0\1\0\0\0\0\0\0") + record(4, pairs) + record(4, b"") + record(5, b""))
        read, answer = connection.makefile("rb"), b""
        while True:
            _, kind, _, size, padding, _ = struct.unpack("!BBHHBB", read.read(8))
            content = read.read(size + padding)[:size]
            if kind == 6:
                answer += content
            if kind == 3:
                return answer


def main(folder):
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    projects = {"plain": f"{folder}/Pozi Maps/Road Maps.qgs", "advertised": f"{folder}/advertised/roads.qgs"}
    make_project(projects["plain"], None)
    make_project(projects["advertised"], ADVERTISED)
    os.mkdir(f"{folder}/answers")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/qgis.sock")
        listener.listen(8)
        environment = {**os.environ, "QGIS_SERVER_LOG_LEVEL": "3"}
        server = subprocess.Popen([PROGRAM], stdin=listener, env=environment, stderr=subprocess.DEVNULL)
    try:
        for project, file in projects.items():
            for name, (path, query, accept) in REQUESTS.items():
                query = f"MAP={quote(file)}" + (f"&{query}" if query else "")
                for way, place in ways(path, query).items():
                    common = {"REQUEST_METHOD": "GET", "QUERY_STRING": query, "PATH_INFO": path}
                    accepted = {"HTTP_ACCEPT": accept} if accept else {}
                    answer = ask(f"{folder}/qgis.sock", {**common, **accepted, **place})
                    with open(f"{folder}/answers/{project}.{way}.{name}", "wb") as kept:
                        kept.write(answer)
    finally:
        server.kill()
        server.wait()
    sys.stdout.flush()
    os._exit(0)  # exitQgis() would crash


if __name__ == "__main__":
    main(sys.argv[1])
