// Leaflet: tiles with the session.

import { load } from "./loading.js";

/** Lets `layer`, a TileLayer or TileLayer.WMS, request its tiles with the session of `catalogue`, and returns it. */
export function withSession(layer, catalogue) {
  layer.createTile = (coords, done) => {
    const image = document.createElement("img");
    // Decorative, as in Leaflet's own tiles.
    image.alt = "";
    const stop = new AbortController();
    // Leaflet removes tiles that have left the view.
    const onUnload = ({ tile }) => tile === image && stop.abort();
    layer.on("tileunload", onUnload);
    show(image, catalogue, layer.getTileUrl(coords), stop.signal)
      .then(() => done(undefined, image), (error) => done(error, image))
      .finally(() => layer.off("tileunload", onUnload));
    return image;
  };
  return layer;
}

async function show(image, catalogue, address, signal) {
  const url = URL.createObjectURL(await load(catalogue, address, { signal }, "image"));
  image.src = url;
  await image.decode().finally(() => URL.revokeObjectURL(url));
}
