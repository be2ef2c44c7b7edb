"""Makes the projects for the tests of layers and fields: a good one, and one with wrong settings.

    /usr/bin/python3 make_project.py FOLDER
"""

import os
import re
import sys
import zipfile

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsEditorWidgetSetup,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsLayoutFrame,
    QgsLayoutItemHtml,
    QgsLayoutItemLabel,
    QgsLayoutItemMap,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerJoinInfo,
)
from qgis.PyQt.QtCore import QVariant

CRS = QgsCoordinateReferenceSystem("EPSG:3857")

HIDDEN = {
    "no_wms": "HideFromWms",
    "no wms b": "HideFromWms",
    "no_wfs": "HideFromWfs",
    "no wfs b": "HideFromWfs",
    "no_ows": "HideFromWms|HideFromWfs",
}
ZONES = [
    "name",
    "Last Checked",
    "población",
    "Area m²",
    "a b",
    "a_b",
    "x-y",
    "1st",
    "p:q",
    "aliased",
    *HIDDEN,
    "código",
    "num",
]


def write_table(folder, table, names, rows, geometry="Polygon?crs=EPSG:3857"):
    """Writes a table with text fields `names` and `rows` rows, and returns its layer's source."""
    memory = QgsVectorLayer(geometry, table, "memory")
    kinds = {"num": QVariant.Int}
    memory.dataProvider().addAttributes([QgsField(name, kinds.get(name, QVariant.String)) for name in names])
    memory.updateFields()
    for number in range(1, rows + 1):
        feature = QgsFeature(memory.fields())
        feature.setAttributes([number if name in kinds else f"{name} {number}" for name in names])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(number, 0, number + 1, 1)))
        memory.dataProvider().addFeature(feature)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = table
    path = f"{folder}/{table}.gpkg"
    written = QgsVectorFileWriter.writeAsVectorFormatV3(memory, path, QgsCoordinateTransformContext(), options)
    assert written[0] == QgsVectorFileWriter.NoError, written
    return f"{path}|layername={table}"


def layer(source, name):
    made = QgsVectorLayer(source, name, "ogr")
    assert made.isValid(), source
    return made


def hide(path, hidden):
    """Hides fields from services as QGIS Desktop writes it: PyQGIS 3.22 has no way to set these flags."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name, flags in hidden.items():
        shown = f'<field (configurationFlags="None" name="{name}"|name="{name}" configurationFlags="None")>'
        text, count = re.subn(shown, f'<field name="{name}" configurationFlags="{flags}">', text)
        assert count == 1, name
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def add_layout(project):
    """Adds the layout `Layout A4`: a map, a label of text, a label of HTML and a frame of HTML."""
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName("Layout A4")
    view = QgsLayoutItemMap(layout)
    view.setId("the map")
    layout.addLayoutItem(view)
    for name, mode in [("plain", QgsLayoutItemLabel.ModeFont), ("rich", QgsLayoutItemLabel.ModeHtml)]:
        label = QgsLayoutItemLabel(layout)
        label.setId(name)
        label.setText("some words")
        label.setMode(mode)
        layout.addLayoutItem(label)
    html = QgsLayoutItemHtml(layout)
    frame = QgsLayoutFrame(layout, html)
    frame.setId("frame")
    layout.addMultiFrame(html)
    html.addFrame(frame)
    project.layoutManager().addLayout(layout)


def make(folder, with_ids):
    project = QgsProject()
    project.setCrs(CRS)
    zones_source = write_table(folder, "zones", ZONES, 2)
    look = layer(write_table(folder, "lookup", ["name", "extra", "Extra Word"], 2), "lookup")
    zones = layer(zones_source, "Planning Zones")
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(look)
    join.setJoinFieldName("name")
    join.setTargetFieldName("name")
    join.setPrefix("l_")
    join.setUsingMemoryCache(True)
    zones.addJoin(join)
    zones.addExpressionField("\"num\" * 2", QgsField("twice", QVariant.Int))
    zones.setFieldAlias(zones.fields().indexOf("aliased"), "Its Alias")
    empty = layer(write_table(folder, "empty", ["code", "Two Words"], 0), "Empty Bäume")
    short = layer(write_table(folder, "short", ["code"], 1), "A long name")
    short.setShortName("brief")
    table = layer(write_table(folder, "table", ["code"], 1, "NoGeometry"), "A table")
    only_wms = layer(write_table(folder, "only_wms", ["code"], 1), "only in wms")
    colon = layer(write_table(folder, "colon", ["code"], 1), "a:b c")
    private = layer(write_table(folder, "private", ["secret"], 1), "private")
    twins = [layer(write_table(folder, f"twin{n}", [f"of twin {n}", "both"], 1), "twin") for n in (1, 2)]
    grouped = layer(write_table(folder, "grouped", ["code"], 1), "grouped")
    members = [zones, look, empty, short, table, only_wms, colon, private, *twins, grouped]
    for member in members:
        project.addMapLayer(member, member is not grouped)
    group = project.layerTreeRoot().addGroup("A group")
    group.addLayer(grouped)
    project.writeEntry("WMSRestrictedLayers", "/", ["private"])
    project.writeEntry("WFSLayers", "/", [member.id() for member in members if member is not only_wms])
    for change in ["Insert", "Update", "Delete"]:
        project.writeEntry("WFSTLayers", change, [zones.id(), empty.id()])
    project.writeEntry("WMSServiceCapabilities", "/", True)
    project.writeEntry("WMSUseLayerIDs", "/", with_ids)
    project.writeEntry("WMSExtent", "/", [str(edge) for edge in (0, 0, 1000, 1000)])
    add_layout(project)
    path = f"{folder}/{'ids' if with_ids else 'named'}.qgs"
    assert project.write(path)
    hide(path, HIDDEN)
    with zipfile.ZipFile(f"{path[:-1]}z", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, os.path.basename(path))


def make_faulty(folder):
    """Makes a project whose layers come from the site itself and with a password, and whose services advertise URLs."""
    sources = {
        "own": ("wms", "crs=EPSG:3857&format=image/png&layers=a&styles&url=https://maps.example/pozi/ows/planning?"),
        "port": ("WFS", " typename='a' url='http://127.0.0.1:8090/ows?MAP=a' version='2.0.0'"),
        "database": ("postgres", "dbname='gis' host=127.0.0.1 port=9 user='reader' password='hunter2' table=\"a\""),
    }
    project = QgsProject()
    project.setCrs(CRS)
    for name, (provider, source) in sources.items():
        made = QgsRasterLayer(source, name, provider) if provider == "wms" else QgsVectorLayer(source, name, provider)
        project.addMapLayer(made)
    project.writeEntry("WMSUrl", "/", "https://old.example/wms")
    project.writeEntry("WFSUrl", "/", "https://old.example/wfs")
    assert project.write(f"{folder}/faulty.qgz")


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    for with_ids in (False, True):
        folder = f"{sys.argv[1]}/{'ids' if with_ids else 'named'}"
        os.makedirs(folder, exist_ok=True)
        make(folder, with_ids)
    os.makedirs(f"{sys.argv[1]}/faulty", exist_ok=True)
    make_faulty(f"{sys.argv[1]}/faulty")
    os._exit(0)  # exitQgis() would crash
