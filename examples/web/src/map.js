// The map, with one layer for each catalogue that the session opens.

import "ol/ol.css";
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import TileLayer from "ol/layer/Tile.js";
import TileWMS from "ol/source/TileWMS.js";
import { createXYZ } from "ol/tilegrid.js";
import { tileLoader } from "@pozi/session/openlayers";

import { config } from "./config.js";

/** Large tiles: fewer requests, and before each new one a browser may ask the server (a CORS preflight). */
const tileGrid = createXYZ({ tileSize: 512 });

/** Returns the map in the element `target`: { show, setVisible, refresh }. */
export function openMap(target) {
  const map = new OlMap({ target, view: new View(config.view) });
  /** The layers by catalogue. */
  const layers = new Map();

  function layerOf(session, id) {
    const source = new TileWMS({
      url: `${config.server}ows/${id}/`,
      params: { LAYERS: config.catalogues[id].layers },
      tileGrid,
      // Otherwise symbols and labels end at the edges of tiles.
      gutter: 32,
      tileLoadFunction: tileLoader(session.catalogue(id), map),
    });
    const layer = new TileLayer({ source });
    map.addLayer(layer);
    return layer;
  }

  return {
    /** Shows these catalogues and no others, with `session`. */
    show(session, ids) {
      // The list of catalogues has taken some of the map's room, whose tiles would be loaded in vain.
      map.updateSize();
      for (const [id, layer] of layers) {
        if (ids.includes(id)) continue;
        map.removeLayer(layer);
        layers.delete(id);
      }
      for (const id of ids) if (!layers.has(id)) layers.set(id, layerOf(session, id));
    },
    /** Shows or hides one. */
    setVisible: (id, isVisible) => layers.get(id)?.setVisible(isVisible),
    /** Loads the tiles again that an outage has left out. */
    refresh() {
      for (const layer of layers.values()) layer.getSource().refresh();
    },
  };
}
