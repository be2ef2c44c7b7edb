"""Makes the sample catalogues alpha and beta: the same layer, of other data and in another colour.

    /usr/bin/python3 make_catalogues.py FOLDER

Both have one layer `places`, so that a request for one fits the other. What tells them apart stands in no request:
alpha is red and its words are of redgum, beta is blue and its words are of bluegum.
"""

import os
import sys

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsField,
    QgsFillSymbol,
    QgsGeometry,
    QgsProject,
    QgsReferencedRectangle,
    QgsRectangle,
    QgsSingleSymbolRenderer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

CRS = QgsCoordinateReferenceSystem("EPSG:3857")
EXTENT = QgsRectangle(0, 0, 1000, 1000)


def write_data(path, word):
    """Writes a GeoPackage of two places, which fill the extent from edge to edge, and says where its layer is."""
    memory = QgsVectorLayer("Polygon?crs=EPSG:3857", "places", "memory")
    memory.dataProvider().addAttributes([QgsField("name", QVariant.String), QgsField(f"{word}_id", QVariant.Int)])
    memory.updateFields()
    for number, (left, right) in enumerate([(0, 500), (500, 1000)], start=1):
        place = QgsFeature(memory.fields())
        place.setAttributes([f"{word} {number}", number])
        place.setGeometry(QgsGeometry.fromRect(QgsRectangle(left, 0, right, 1000)))
        memory.dataProvider().addFeature(place)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = "places"
    written = QgsVectorFileWriter.writeAsVectorFormatV3(memory, path, QgsCoordinateTransformContext(), options)
    assert written[0] == QgsVectorFileWriter.NoError, written
    return f"{path}|layername=places"


def make(folder, catalogue, word, colour):
    """Makes the project `catalogue` with its data, open to WMS, WFS, WFS-T and OGC API Features."""
    os.makedirs(f"{folder}/{catalogue}", exist_ok=True)
    source = write_data(f"{folder}/{catalogue}/places.gpkg", word)
    layer = QgsVectorLayer(source, "places", "ogr")
    assert layer.isValid(), source
    symbol = QgsFillSymbol.createSimple({"color": colour, "outline_style": "no"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    project = QgsProject()
    project.setCrs(CRS)
    project.setTitle(f"The catalogue of {word}")
    project.addMapLayer(layer)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(EXTENT, CRS))
    project.writeEntry("WFSLayers", "/", [layer.id()])
    for change in ["Insert", "Update", "Delete"]:
        project.writeEntry("WFSTLayers", change, [layer.id()])
    project.writeEntry("WMSServiceCapabilities", "/", True)
    project.writeEntry("WMSServiceTitle", "/", f"The catalogue of {word}")
    project.writeEntry("WMSExtent", "/", [str(edge) for edge in (0, 0, 1000, 1000)])
    assert project.write(f"{folder}/{catalogue}/{catalogue}.qgs")


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    make(sys.argv[1], "alpha", "redgum", "#ff0000")
    make(sys.argv[1], "beta", "bluegum", "#0000ff")
    os._exit(0)  # exitQgis() would end in a segmentation fault
