"""Creates the sample catalogues alpha and beta: the same layers with different data and colours.

    /usr/bin/python3 make_catalogues.py FOLDER

No request contains what distinguishes them: alpha's words contain redgum, beta's contain bluegum, and beta is drawn in blue.
Within a catalogue, everything that no answer may show has its own word and colour (see Forbidden in detect.rs): rows that a
layer's filter hides, a restricted layer, a layer that is neither published nor queryable, a hidden field and a project
variable.
"""

import os
import re
import sys

from osgeo import gdal, osr
from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsField,
    QgsFillSymbol,
    QgsGeometry,
    QgsLayoutFrame,
    QgsLayoutItemHtml,
    QgsLayoutItemLabel,
    QgsLayoutItemMap,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLineSymbol,
    QgsMapLayer,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QVariant

CRS = QgsCoordinateReferenceSystem("EPSG:3857")
EXTENT = QgsRectangle(0, 0, 1000, 1000)
PLACES = [
    QgsField("name", QVariant.String),
    QgsField("num", QVariant.Int),
    QgsField("Zone Code", QVariant.String),
    QgsField("Last Checked", QVariant.Date),
    QgsField("hush", QVariant.String),
]
PLAIN = [QgsField("name", QVariant.String), QgsField("num", QVariant.Int)]
BETA = {"hidden": "#0000ff", "unserved": "#0000ff", "in": "#0000ff", "out": "#0000ff", "places": "#0000ff"}
ALPHA = {"hidden": "#800080", "unserved": "#008080", "in": "#00ff00", "out": "#ffff00", "places": "#ff0000"}


def strip(number, of):
    """Returns one of `of` vertical strips that fill the extent."""
    width = 1000 / of
    return QgsGeometry.fromRect(QgsRectangle(number * width, 0, (number + 1) * width, 1000))


def write(path, name, kind, fields, rows):
    """Writes a layer to a GeoPackage and opens it. No spatial index: only GDAL can run its triggers."""
    memory = QgsVectorLayer(f"{kind}?crs=EPSG:3857", name, "memory")
    memory.dataProvider().addAttributes(fields)
    memory.updateFields()
    for values, geometry in rows:
        feature = QgsFeature(memory.fields())
        feature.setAttributes(values)
        feature.setGeometry(geometry)
        memory.dataProvider().addFeature(feature)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = name
    options.layerOptions = ["SPATIAL_INDEX=NO"]
    if os.path.exists(path):
        options.actionOnExistingFile = QgsVectorFileWriter.CreateOrOverwriteLayer
    written = QgsVectorFileWriter.writeAsVectorFormatV3(memory, path, QgsCoordinateTransformContext(), options)
    assert written[0] == QgsVectorFileWriter.NoError, written
    layer = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
    assert layer.isValid(), name
    return layer


def fill(colour):
    return QgsFillSymbol.createSimple({"color": colour, "outline_style": "no"})


def places(path, word, colours):
    count = 4 if word == "bluegum" else 3
    rows = [
        ([f"{word} {number}", number, f"Zone {number}", QDate(2026, 1, number), f"PIN-{word}-{number}"], strip(number - 1, count))
        for number in range(1, count + 1)
    ]
    layer = write(path, "places", "Polygon", PLACES, rows)
    layer.setRenderer(QgsSingleSymbolRenderer(fill(colours["places"])))
    return layer


def filtered(path, word, colours):
    """A layer with a filter, which excludes the second row."""
    rows = [([f"inside {word}", 1], strip(0, 2)), ([f"OUTSIDE-{word}", 2], strip(1, 2))]
    layer = write(path, "subset", "Polygon", PLAIN, rows)
    categories = [(1, colours["in"]), (2, colours["out"])]
    layer.setRenderer(
        QgsCategorizedSymbolRenderer("num", [QgsRendererCategory(num, fill(of), "") for num, of in categories])
    )
    layer.setSubsetString('"num" = 1')
    return layer


def plain(path, name, value, number, colour):
    layer = write(path, name, "Polygon", PLAIN, [([value, number], strip(0, 1))])
    layer.setRenderer(QgsSingleSymbolRenderer(fill(colour)))
    return layer


def lines(path, name, word):
    rows = [([f"{word} road", 1], QgsGeometry.fromWkt("LineString(0 500, 1000 500)"))]
    layer = write(path, name, "LineString", PLAIN, rows)
    layer.setRenderer(QgsSingleSymbolRenderer(QgsLineSymbol.createSimple({"color": "#777777"})))
    return layer


def raster(path, height):
    """A small GeoTIFF with the same height everywhere."""
    picture = gdal.GetDriverByName("GTiff").Create(path, 20, 20, 1, gdal.GDT_Float32)
    picture.SetGeoTransform([0, 50, 0, 1000, 0, -50])
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(3857)
    picture.SetProjection(reference.ExportToWkt())
    picture.GetRasterBand(1).Fill(height)
    picture = None
    layer = QgsRasterLayer(path, "dem", "gdal")
    assert layer.isValid(), path
    return layer


def add_layout(project, word, shown):
    """A layout with a map and three items with ids: an HTML frame, an HTML label and a text label."""
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName("A4")
    sheet = QgsLayoutItemMap(layout)
    sheet.attemptMove(QgsLayoutPoint(10, 10))
    sheet.attemptResize(QgsLayoutSize(60, 60))
    sheet.setExtent(EXTENT)
    sheet.setLayers([shown])
    layout.addLayoutItem(sheet)
    html = QgsLayoutItemHtml(layout)
    html.setContentMode(QgsLayoutItemHtml.ManualHtml)
    html.setHtml(f"<p>{word}</p>")
    html.setContentMode(QgsLayoutItemHtml.Url)
    frame = QgsLayoutFrame(layout, html)
    frame.setId("webframe")
    frame.attemptMove(QgsLayoutPoint(80, 10))
    frame.attemptResize(QgsLayoutSize(120, 90))
    html.addFrame(frame)
    layout.addMultiFrame(html)
    for number, (name, mode) in enumerate([("weblabel", QgsLayoutItemLabel.ModeHtml), ("label", QgsLayoutItemLabel.ModeFont)]):
        label = QgsLayoutItemLabel(layout)
        label.setId(name)
        label.setMode(mode)
        label.setText(word)
        label.attemptMove(QgsLayoutPoint(10, 110 + 45 * number))
        label.attemptResize(QgsLayoutSize(190, 40))
        layout.addLayoutItem(label)
    project.layoutManager().addLayout(layout)


def hide(path, field):
    """Hides a field from WMS and WFS by editing the file, since the Python API of QGIS 3.22 cannot do it."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tag = re.compile(f'<field (?=[^>]*name="{field}")([^>]*configurationFlags=")None"')
    text, count = tag.subn(r'<field \1HideFromWms|HideFromWfs"', text)
    assert count == 1
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def publish(project, word, wfs, writable, wcs):
    project.writeEntry("WFSLayers", "/", [layer.id() for layer in wfs])
    for layer in wfs:
        project.writeEntry("WFSLayersPrecision", f"/{layer.id()}", 8)
    for change in ["Insert", "Update", "Delete"]:
        project.writeEntry("WFSTLayers", change, [layer.id() for layer in writable])
    project.writeEntry("WCSLayers", "/", [layer.id() for layer in wcs])
    project.writeEntry("WMTSLayers", "Project", True)
    project.writeEntry("WMTSPngLayers", "Project", True)
    project.writeEntry("WMTSGrids", "CRS", ["EPSG:3857"])
    project.writeEntry("WMTSGrids", "Config", ["EPSG:3857,20037508.34,-20037508.34,559082264.0287178,18"])
    project.writeEntry("WMSRestrictedLayers", "/", ["hidden"])
    project.writeEntry("WMSServiceCapabilities", "/", True)
    project.writeEntry("WMSServiceTitle", "/", f"The catalogue of {word}")
    project.writeEntry("WMSAddWktGeometry", "/", True)
    project.writeEntry("WMSExtent", "/", [str(edge) for edge in (0, 0, 1000, 1000)])


def make(folder, catalogue, word, height, colours):
    """Creates the project `catalogue` and its data, and publishes it by every service."""
    os.makedirs(f"{folder}/{catalogue}", exist_ok=True)
    data = f"{folder}/{catalogue}/data.gpkg"
    shown = places(data, word, colours)
    subset = filtered(data, word, colours)
    hidden = plain(data, "hidden", f"SECRET-{word}", 99, colours["hidden"])
    unserved = plain(data, "unserved", f"UNSERVED-{word}", 7, colours["unserved"])
    unserved.setFlags(unserved.flags() & ~QgsMapLayer.Identifiable)
    roads, trees = lines(data, "Road Centrelines", word), lines(data, "Bäume", word)
    dem = raster(f"{folder}/{catalogue}/dem.tif", height)
    project = QgsProject()
    project.setCrs(CRS)
    project.setTitle(f"The catalogue of {word}")
    for layer in [hidden, unserved, dem, subset, trees, shown]:
        project.addMapLayer(layer)
    project.addMapLayer(roads, False)
    project.layerTreeRoot().addGroup("group").addLayer(roads)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(EXTENT, CRS))
    QgsExpressionContextUtils.setProjectVariable(project, "keyword", f"VARIABLE-{word}")
    publish(project, word, [shown, subset, roads, trees], [shown], [dem])
    add_layout(project, word, shown)
    path = f"{folder}/{catalogue}/{catalogue}.qgs"
    assert project.write(path)
    hide(path, "hush")


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    make(sys.argv[1], "alpha", "redgum", 1, ALPHA)
    make(sys.argv[1], "beta", "bluegum", 424242, BETA)
    os._exit(0)  # exitQgis() would end in a segmentation fault
