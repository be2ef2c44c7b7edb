"""Makes the project of the recorded requests, with the same layers, fields and layout.

    /usr/bin/python3 make_demo.py FOLDER

It ends as FOLDER/demo.qgs.
"""

import os
import sys

from osgeo import gdal, osr
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsLayoutItemLabel,
    QgsLayoutItemMap,
    QgsLayoutSize,
    QgsPointXY,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QRectF, QVariant

CRS = QgsCoordinateReferenceSystem("EPSG:3857")
EXTENT = QgsRectangle(16100000, -4550000, 16120000, -4530000)


def vector(folder, name, file, kind, fields, rows):
    """A GeoPackage layer of `rows`, each of a geometry and values."""
    memory = QgsVectorLayer(f"{kind}?crs=EPSG:3857", name, "memory")
    memory.dataProvider().addAttributes(fields)
    memory.updateFields()
    for geometry, values in rows:
        feature = QgsFeature(memory.fields())
        feature.setGeometry(geometry)
        feature.setAttributes(values)
        memory.dataProvider().addFeature(feature)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = file
    path = f"{folder}/{file}.gpkg"
    written = QgsVectorFileWriter.writeAsVectorFormatV3(memory, path, QgsCoordinateTransformContext(), options)
    assert written[0] == QgsVectorFileWriter.NoError, written
    layer = QgsVectorLayer(f"{path}|layername={file}", name, "ogr")
    assert layer.isValid(), path
    return layer


def square(at):
    left, bottom = EXTENT.xMinimum() + 4000 * at, EXTENT.yMinimum() + 4000 * at
    return QgsGeometry.fromRect(QgsRectangle(left, bottom, left + 4000, bottom + 4000))


def point(at):
    return QgsGeometry.fromPointXY(QgsPointXY(EXTENT.xMinimum() + 1000 * at, EXTENT.yMinimum() + 1000 * at))


def raster(folder):
    path = f"{folder}/dem.tif"
    data = gdal.GetDriverByName("GTiff").Create(path, 100, 100, 1, gdal.GDT_Float32)
    data.SetGeoTransform([EXTENT.xMinimum(), 200, 0, EXTENT.yMaximum(), 0, -200])
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(3857)
    data.SetProjection(reference.ExportToWkt())
    for row in range(100):
        data.GetRasterBand(1).WriteRaster(0, row, 100, 1, b"".join([bytes([0, 0, 0, 66])] * 100))
    data = None
    layer = QgsRasterLayer(path, "dem")
    assert layer.isValid(), path
    return layer


def layers(folder):
    zones = vector(
        folder, "zones", "zones", "Polygon",
        [QgsField("name", QVariant.String), QgsField("Zone Code", QVariant.String), QgsField("población", QVariant.Int),
         QgsField("Area m²", QVariant.Double), QgsField("date", QVariant.Date)],
        [(square(n), [f"zone {n + 1}", f"GRZ{n + 1}", 100 * n, 1.5 * n, QDate(2026, 1, n + 1)]) for n in range(5)],
    )
    zones.styleManager().addStyleFromLayer("second style")
    roads = vector(
        folder, "Road Centrelines", "roads", "LineString",
        [QgsField("class", QVariant.Int), QgsField("Road Name", QVariant.String), QgsField("Property Number", QVariant.Int)],
        [(QgsGeometry.fromPolylineXY([QgsPointXY(EXTENT.xMinimum(), EXTENT.yMinimum() + 2000 * n),
                                      QgsPointXY(EXTENT.xMaximum(), EXTENT.yMinimum() + 2000 * n)]),
          [n % 3, f"Road {n}", n]) for n in range(8)],
    )
    trees = vector(
        folder, "Bäume", "trees", "Point",
        [QgsField("Art", QVariant.String), QgsField("Höhe", QVariant.Double), QgsField("asset_id", QVariant.String)],
        [(point(n), ["Eiche" if n % 2 else "Linde", float(n), f"A{n}"]) for n in range(20)],
    )
    assets = vector(
        folder, "assets", "assets", "Point",
        [QgsField("label", QVariant.String), QgsField("n", QVariant.Int), QgsField("Last Checked", QVariant.String)],
        [(point(n), [f"asset {n}", n, None]) for n in range(10)],
    )
    return [zones, roads, trees, assets, raster(folder)]


def layout(project, layers):
    page = QgsPrintLayout(project)
    page.initializeDefaults()
    page.setName("A4 Landscape")
    sheet = QgsLayoutItemMap(page)
    sheet.attemptSetSceneRect(QRectF(10, 20, 270, 180))
    sheet.setLayers(layers)
    sheet.setExtent(EXTENT)
    page.addLayoutItem(sheet)
    label = QgsLayoutItemLabel(page)
    label.setId("title")
    label.setText("No title")
    label.attemptSetSceneRect(QRectF(10, 5, 200, 10))
    page.addLayoutItem(label)
    project.layoutManager().addLayout(page)


def make(folder):
    project = QgsProject.instance()
    project.setCrs(CRS)
    all_layers = layers(folder)
    project.addMapLayers(all_layers, False)
    root = project.layerTreeRoot()
    for layer in all_layers[:4]:
        root.addLayer(layer)
    root.addGroup("Base Group").addLayer(all_layers[4])
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(EXTENT, CRS))
    vectors = [layer.id() for layer in all_layers[:4]]
    project.writeEntry("WFSLayers", "/", vectors)
    for change in ["Insert", "Update", "Delete"]:
        project.writeEntry("WFSTLayers", change, [all_layers[3].id()])
    project.writeEntry("WCSLayers", "/", [all_layers[4].id()])
    project.writeEntry("WMSServiceCapabilities", "/", True)
    project.writeEntry("WMSServiceTitle", "/", "Demo")
    project.writeEntry("WMSAddWktGeometry", "/", True)
    project.writeEntry("WMSExtent", "/", [str(edge) for edge in (16090000, -4560000, 16130000, -4520000)])
    project.writeEntry("WMSCrsList", "/", ["EPSG:3857", "EPSG:4326", "EPSG:7855"])
    project.writeEntry("WMTSLayers", "Project", True)
    project.writeEntry("WMTSPngLayers", "Project", True)
    project.writeEntry("WMTSLayers", "Layer", [all_layers[0].id()])
    project.writeEntry("WMTSPngLayers", "Layer", [all_layers[0].id()])
    layout(project, all_layers[:4])
    assert project.write(f"{folder}/demo.qgs")


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    make(sys.argv[1])
    os._exit(0)  # exitQgis() would crash
