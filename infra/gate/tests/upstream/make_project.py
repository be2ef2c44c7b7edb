"""Makes a small project with one layer of two places, open to every service: make_project.py PROJECT.qgs"""

import os
import sys

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

path = sys.argv[1]
data = os.path.join(os.path.dirname(path), "places.gpkg")
application = QgsApplication([], False)
application.initQgis()

memory = QgsVectorLayer("Polygon?crs=EPSG:3857", "places", "memory")
memory.dataProvider().addAttributes([QgsField("name", QVariant.String)])
memory.updateFields()
for number, left in enumerate([0, 500]):
    place = QgsFeature(memory.fields())
    place.setAttributes([f"redgum {number}"])
    place.setGeometry(QgsGeometry.fromRect(QgsRectangle(left, 0, left + 500, 1000)))
    memory.dataProvider().addFeature(place)
options = QgsVectorFileWriter.SaveVectorOptions()
options.driverName = "GPKG"
options.layerName = "places"
QgsVectorFileWriter.writeAsVectorFormatV3(memory, data, QgsCoordinateTransformContext(), options)

layer = QgsVectorLayer(f"{data}|layername=places", "places", "ogr")
assert layer.isValid()
project = QgsProject.instance()
project.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
project.addMapLayer(layer)
project.writeEntry("WFSLayers", "/", [layer.id()])
for right in ("Update", "Insert", "Delete"):
    project.writeEntry("WFSTLayers", right, [layer.id()])
assert project.write(path)
# exitQgis() crashes on some versions.
sys.stdout.flush()
os._exit(0)
