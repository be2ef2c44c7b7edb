"""The providers of QGIS Desktop, with the session set as a plugin would set it: maps, features, edits."""

import os

from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsNetworkAccessManager,
    QgsPointXY,
    QgsRaster,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

BASE, PROJECT = os.environ["POZI_BASE"], os.environ["POZI_PROJECT"]
OWS, OLD = f"{BASE}ows/demo/", f"{BASE}qgisserver?MAP={PROJECT}"
BOX = QgsRectangle(16100000, -4550000, 16120000, -4530000)
SESSION = [os.environ["POZI_READER"].encode()]


def with_session(request):
    request.setRawHeader(b"X-Pozi-Session", SESSION[0])


def draw(layer):
    """Returns the colours of a map of the layer."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(BOX)
    settings.setOutputSize(QSize(64, 64))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    return {image.pixel(x, y) for x in range(0, 64, 2) for y in range(0, 64, 2)}


def maps(url):
    url = url.replace("&", "%26")
    for layers in ["layers=zones&styles=", "layers=Road Centrelines&styles=&layers=Bäume&styles="]:
        layer = QgsRasterLayer(f"contextualWMSLegend=0&crs=EPSG:3857&dpiMode=7&format=image/png&{layers}&url={url}", "map", "wms")
        assert layer.isValid(), layer.error().summary()
        assert len(draw(layer)) > 1, layers
    layer = QgsRasterLayer(f"crs=EPSG:3857&format=image/png&layers=zones&styles=&url={url}", "map", "wms")
    for form in [QgsRaster.IdentifyFormatText, QgsRaster.IdentifyFormatHtml]:
        found = layer.dataProvider().identify(QgsPointXY(16101000, -4549000), form, BOX, 100, 100)
        assert found.isValid() and found.results(), (form, found.error().summary())
    asked = f"{url}{'%26' if '?' in url else '?'}SERVICE%3DWMTS%26REQUEST%3DGetCapabilities"
    tiles = f"crs=EPSG:3857&format=image/png&layers=zones&styles=default&tileMatrixSet=EPSG:3857&url={asked}"
    layer = QgsRasterLayer(tiles, "tiles", "wms")
    assert layer.isValid(), layer.error().summary()
    assert len(draw(layer)) > 1
    layer = QgsRasterLayer(f"crs=EPSG:3857&format=GeoTIFF&identifier=dem&url={url}", "dem", "wcs")
    assert layer.isValid(), layer.error().summary()


def features(url):
    for version in ["auto", "1.0.0", "1.1.0", "2.0.0"]:
        for name, count in [("zones", 5), ("Road_Centrelines", 8), ("Bäume", 20)]:
            source = f"pagingEnabled='true' srsname='EPSG:3857' typename='{name}' url='{url}' version='{version}'"
            layer = QgsVectorLayer(source, name, "WFS")
            assert layer.isValid(), (version, name, layer.error().summary())
            assert len(list(layer.getFeatures())) == count, (version, name)
    source = f"restrictToRequestBBOX='1' srsname='EPSG:3857' typename='zones' url='{url}' version='auto'"
    layer = QgsVectorLayer(f"{source} sql=SELECT * FROM zones WHERE name LIKE 'zone 2'", "zones", "WFS")
    assert [row["name"] for row in layer.getFeatures()] == ["zone 2"]
    assert len(draw(QgsVectorLayer(source, "zones", "WFS"))) > 1


def items(url):
    for name, count in [("zones", 5), ("Road Centrelines", 8), ("Bäume", 20)]:
        layer = QgsVectorLayer(f"pagingEnabled='true' typename='{name}' url='{url}'", name, "OAPIF")
        assert layer.isValid(), (name, layer.error().summary())
        assert len(list(layer.getFeatures())) == count, name


def opened(source):
    """Opens the layer without the network cache, from which the provider would otherwise answer."""
    QgsNetworkAccessManager.instance().cache().clear()
    return QgsVectorLayer(source, "assets", "WFS")


def edits(url):
    SESSION[0] = os.environ["POZI_WRITER"].encode()
    for version in ["1.0.0", "1.1.0"]:
        source = f"srsname='EPSG:3857' typename='assets' url='{url}' version='{version}'"
        layer = opened(source)
        before = len(list(layer.getFeatures()))
        made = QgsFeature(layer.fields())
        made["label"], made["n"] = "made by QGIS", 8
        made.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(16103000, -4547000)))
        provider = layer.dataProvider()
        assert provider.addFeatures([made])[0], provider.error().summary()
        layer = opened(source)
        rows = {row["label"]: row for row in layer.getFeatures()}
        assert len(rows) >= 1 and "made by QGIS" in rows, list(rows)
        new, at = rows["made by QGIS"], layer.fields().indexOf("label")
        provider = layer.dataProvider()
        assert provider.changeAttributeValues({new.id(): {at: "changed by QGIS", at + 1: None}}), provider.error().summary()
        moved = QgsGeometry.fromPointXY(QgsPointXY(16104000, -4546000))
        assert provider.changeGeometryValues({new.id(): moved}), provider.error().summary()
        assert provider.deleteFeatures([new.id()]), provider.error().summary()
        layer = opened(source)
        assert len(list(layer.getFeatures())) == before


application = QgsApplication([], False)
application.initQgis()
QgsNetworkAccessManager.setRequestPreprocessor(with_session)
code = 0
try:
    for one in [OWS, OLD]:
        maps(one)
        features(one)
    items(f"{OWS}wfs3")
    edits(OWS)
except BaseException:
    import traceback

    traceback.print_exc()
    code = 1
os._exit(code)  # exitQgis() would end in a segmentation fault
