// One function per OpenLayers source. Each returns the number of images or features that arrived.

const ERROR = 3; // in ol/TileState and ol/ImageState
const BOX = [16100000, -4550000, 16120000, -4530000];

/** Fetches with the session; throws unless the answer is successful. */
async function fetchOk(session, url, more = {}) {
  const answer = await fetch(url, { ...more, headers: { ...more.headers, "X-Pozi-Session": session } });
  if (!answer.ok) throw new Error(`${answer.status} ${url}: ${await answer.text()}`);
  return answer;
}

/** Returns a load function for images, which counts what it loaded and what failed. */
function loading(session) {
  const load = async (image, url) => {
    try {
      const element = image.getImage();
      const picture = await (await fetchOk(session, url)).blob();
      if (!picture.type.startsWith("image/")) throw new Error(await picture.text());
      element.src = URL.createObjectURL(picture);
      load.count += 1;
    } catch (error) {
      console.log(String(error));
      load.failed += 1;
      image.setState(ERROR);
    }
  };
  load.count = 0;
  load.failed = 0;
  return load;
}

/** Draws `layer` and waits until everything is loaded. */
async function draw(layer, pixelRatio = 1) {
  const map = new ol.Map({ target: "map", layers: [layer], pixelRatio, view: new ol.View({ center: ol.extent.getCenter(BOX), zoom: 11 }) });
  map.getView().fit(BOX, { size: [400, 300] });
  await new Promise((done) => map.once("rendercomplete", done));
  map.setTarget(null);
}

async function countImages(session, make, pixelRatio) {
  const load = loading(session);
  await draw(make(load), pixelRatio);
  return load.failed ? -load.failed : load.count;
}

const wms = (address, more) => ({ url: address, params: { LAYERS: "zones,Road Centrelines,Bäume", ...more }, serverType: "qgis", crossOrigin: "anonymous" });

window.tileWMS = (address, session) =>
  countImages(session, (tileLoadFunction) => new ol.layer.Tile({ source: new ol.source.TileWMS({ ...wms(address, { TILED: true }), tileLoadFunction }) }));

window.fineTileWMS = (address, session) =>
  countImages(session, (tileLoadFunction) => new ol.layer.Tile({ source: new ol.source.TileWMS({ ...wms(address, { STYLES: "second style,," }), tileLoadFunction }) }), 2);

window.imageWMS = (address, session) =>
  countImages(session, (imageLoadFunction) => new ol.layer.Image({ source: new ol.source.ImageWMS({ ...wms(address, { FILTER: `zones:"name" = 'zone 1'` }), imageLoadFunction }) }));

window.wmts = async (address, session) => {
  const mark = address.includes("?") ? "&" : "?";
  const answer = await fetchOk(session, `${address}${mark}SERVICE=WMTS&REQUEST=GetCapabilities&VERSION=1.0.0`);
  const capabilities = new ol.format.WMTSCapabilities().read(await answer.text());
  const options = ol.source.WMTS.optionsFromCapabilities(capabilities, { layer: "zones", matrixSet: "EPSG:3857" });
  return countImages(session, (tileLoadFunction) => new ol.layer.Tile({ source: new ol.source.WMTS({ ...options, tileLoadFunction }) }));
};

window.wfs = async (address, session) => {
  const mark = address.includes("?") ? "&" : "?";
  let failed = 0;
  const source = new ol.source.Vector({
    format: new ol.format.GeoJSON(),
    strategy: ol.loadingstrategy.bbox,
    loader: async (extent, resolution, projection) => {
      const query = `service=WFS&version=1.1.0&request=GetFeature&typename=zones&outputFormat=application/json&srsname=EPSG:3857&bbox=${extent.join(",")},EPSG:3857`;
      try {
        const found = await (await fetchOk(session, `${address}${mark}${query}`)).json();
        source.addFeatures(source.getFormat().readFeatures(found, { featureProjection: projection }));
      } catch (error) {
        console.log(String(error));
        failed += 1;
      }
    },
  });
  await draw(new ol.layer.Vector({ source }));
  for (let waited = 0; waited < 1_200 && !source.getFeatures().length && !failed; waited += 1) await new Promise((done) => setTimeout(done, 100));
  return failed ? -failed : source.getFeatures().length;
};

window.wfsByXml = async (address, session) => {
  const f = ol.format.filter;
  const asked = new ol.format.WFS({ version: "1.1.0" }).writeGetFeature({
    featureNS: "http://www.qgis.org/gml",
    featurePrefix: "feature",
    featureTypes: ["zones"],
    srsName: "EPSG:3857",
    outputFormat: "application/json",
    filter: f.and(f.bbox("geometry", BOX, "EPSG:3857"), f.or(f.equalTo("name", "zone 1"), f.like("Zone_Code", "GRZ*"))),
  });
  // The browser sends a string as text/plain.
  const answer = await fetchOk(session, address, { method: "POST", body: new XMLSerializer().serializeToString(asked) });
  return (await answer.json()).features.length;
};

window.featureInfo = async (address, session) => {
  let count = 0;
  for (const format of ["application/json", "text/html", "text/xml", "application/vnd.ogc.gml"]) {
    const source = new ol.source.TileWMS(wms(address, {}));
    const url = source.getFeatureInfoUrl([16101000, -4549000], 20, "EPSG:3857", { INFO_FORMAT: format, QUERY_LAYERS: "zones", FI_POLYGON_TOLERANCE: 4, WITH_GEOMETRY: true });
    count += (await (await fetchOk(session, url)).text()).includes("zone 1") ? 1 : -100;
  }
  return count;
};

window.legend = async (address, session) => {
  const url = new ol.source.ImageWMS({ ...wms(address, {}), params: { LAYERS: "zones" } }).getLegendUrl(38, { SLD_VERSION: "1.1.0" });
  return (await (await fetchOk(session, url)).blob()).size;
};

window.items = async (address, session) => {
  const asked = `${address}/collections/zones/items?limit=10&bbox=${ol.proj.transformExtent(BOX, "EPSG:3857", "EPSG:4326").join(",")}`;
  const found = await (await fetchOk(session, asked, { headers: { Accept: "application/geo+json, application/json" } })).json();
  return new ol.format.GeoJSON().readFeatures(found).length;
};

/** Inserts, updates and deletes a feature. */
window.edits = async (address, session, version) => {
  const format = new ol.format.WFS({ version, gmlFormat: version === "1.0.0" ? new ol.format.GML2() : undefined });
  const options = { featureNS: "http://www.qgis.org/gml", featurePrefix: "feature", featureType: "assets", srsName: "EPSG:3857", version, gmlOptions: { srsName: "EPSG:3857" } };
  const send = async (...changes) => {
    const body = new XMLSerializer().serializeToString(format.writeTransaction(...changes, options));
    return (await fetchOk(session, address, { method: "POST", body, headers: { "Content-Type": "text/xml" } })).text();
  };
  const found = async () => {
    const query = `SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=assets&OUTPUTFORMAT=GeoJSON&EXP_FILTER=${encodeURIComponent("label = 'a & <b>'")}`;
    return new ol.format.GeoJSON().readFeatures(await (await fetchOk(session, `${address}?${query}`)).json());
  };
  const made = new ol.Feature({ geometry: new ol.geom.Point([16101000, -4549000]), label: "a & <b>", n: 9 });
  made.setGeometryName("geometry");
  await send([made], [], []);
  const rows = await found();
  const row = rows[0];
  row.setGeometryName("geometry");
  row.setGeometry(new ol.geom.Point([16102000, -4548000]));
  row.set("n", 10);
  await send([], [row], []);
  const deleted = (await send([], [], [row])).includes("SUCCESS") || version === "1.1.0";
  return { inserted: rows.length, deleted, left: (await found()).length };
};
