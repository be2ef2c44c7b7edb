"""OWSLib with the session in `headers`: every service, at both addresses of the catalogue."""

import os

from owslib.ogcapi.features import Features
from owslib.wcs import WebCoverageService
from owslib.wfs import WebFeatureService
from owslib.wms import WebMapService
from owslib.wmts import WebMapTileService

BASE, PROJECT = os.environ["POZI_BASE"], os.environ["POZI_PROJECT"]
ADDRESSES = [f"{BASE}ows/demo/", f"{BASE}qgisserver?MAP={PROJECT}"]
# Shared by all services, as in usual code: OWSLib adds a Content-Type to it with its first XML request.
HEADERS = {"X-Pozi-Session": os.environ["POZI_READER"]}
BOX = (16100000, -4550000, 16120000, -4530000)
IS_ZONE_2 = """<Filter xmlns="http://www.opengis.net/ogc"><PropertyIsEqualTo><PropertyName>name</PropertyName>
<Literal>zone 2</Literal></PropertyIsEqualTo></Filter>"""
BARE_LIKE = """<ogc:PropertyIsLike xmlns:ogc="http://www.opengis.net/ogc" wildCard="*" singleChar="." escapeChar="!">
<ogc:PropertyName>name</ogc:PropertyName><ogc:Literal>zone*</ogc:Literal></ogc:PropertyIsLike>"""


def maps(address):
    for version in ["1.1.1", "1.3.0"]:
        service = WebMapService(address, version=version, headers=HEADERS)
        assert {"zones", "Road Centrelines", "Bäume"} <= set(service.contents), list(service.contents)
        asked = dict(layers=["zones", "Bäume"], styles=["second style", ""], srs="EPSG:3857", bbox=BOX, size=(200, 200),
                     format="image/png", transparent=True)
        for method in ["Get", "Post"]:
            assert service.getmap(method=method, **asked).read().startswith(b"\x89PNG"), (version, method)
        found = service.getfeatureinfo(layers=["zones"], srs="EPSG:3857", bbox=BOX, size=(100, 100), format="image/png",
                                       query_layers=["zones"], info_format="text/xml", xy=(10, 90))
        assert b"zone 1" in found.read()


def features(address):
    for version in ["1.0.0", "1.1.0"]:
        service = WebFeatureService(address, version=version, headers=HEADERS)
        assert "Road_Centrelines" in service.contents, list(service.contents)
        read = lambda **asked: service.getfeature(**asked).read()
        assert b"zone 1" in read(typename=["zones"], maxfeatures=2)
        assert b"Eiche" in read(typename=["Bäume"], bbox=BOX, outputFormat="GeoJSON")
        assert b"GRZ2" in read(typename=["zones"], filter=IS_ZONE_2)
        assert b"zone 5" in read(typename=["zones"], filter=BARE_LIKE)
        assert b"zone 2" in read(typename=["zones"], featureid=["zones.2"]) if version == "1.0.0" else True
        if version == "1.1.0":
            assert b"zone 1" in read(typename=["zones"], propertyname=["name", "Zone_Code"])
            assert b"zone 1" in service.getfeature(typename=["zones"], method="Post").read()


def coverages(address):
    service = WebCoverageService(address, version="1.0.0", headers=HEADERS)
    assert "dem" in service.contents
    assert service["dem"].supportedFormats
    for method in ["Get", "Post"]:
        answer = service.getCoverage(identifier="dem", bbox=BOX, crs="EPSG:3857", format="GTiff", width=50, height=50, method=method)
        assert answer.read()[:2] in (b"II", b"MM"), method


def tiles(address):
    service = WebMapTileService(address, headers=HEADERS)
    assert "zones" in service.contents, list(service.contents)
    tile = service.gettile(layer="zones", tilematrixset="EPSG:3857", tilematrix="10", row=629, column=923, format="image/png")
    assert tile.read().startswith(b"\x89PNG")


def items(address):
    service = Features(address, headers=HEADERS)
    assert service.conformance()["conformsTo"]
    assert service.api()["openapi"]
    assert {"zones", "Bäume", "Road Centrelines"} <= set(service.collections()["collections"][at]["id"] for at in range(4))
    assert service.collection("zones")["id"] == "zones"
    assert len(service.collection_items("zones", limit=2)["features"]) == 2
    assert service.collection_items("zones", name="zone 1")["features"][0]["properties"]["name"] == "zone 1"
    assert service.collection_items("Bäume", bbox=[144, -38, 145, -37])["features"]
    assert service.collection_item("zones", "1")["properties"]["name"] == "zone 1"


def edits(address):
    service = Features(address, headers={"X-Pozi-Session": os.environ["POZI_WRITER"]})
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [144.7, -37.7]}, "properties": {"label": "made"}}
    service.collection_item_create("assets", feature)
    made = service.collection_items("assets", label="made")["features"][-1]["id"]
    feature["properties"]["label"] = "changed"
    service.collection_item_update("assets", str(made), feature)
    assert service.collection_item("assets", str(made))["properties"]["label"] == "changed"
    service.collection_item_delete("assets", str(made))


for one in ADDRESSES:
    for work in [maps, features, coverages, tiles]:
        work(one)
for one in [f"{BASE}ows/demo/wfs3", f"{BASE}ows/demo/wfs3/"]:
    items(one)
edits(f"{BASE}ows/demo/wfs3")
