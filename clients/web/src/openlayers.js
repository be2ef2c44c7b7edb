// OpenLayers: load functions of tiles and images, a loader of features, and GetFeatureInfo.

import { load } from "./loading.js";

/** OpenLayers' states of a tile or an image: not yet loaded, failed, dropped. */
const IDLE = 0;
const ERROR = 3;
const EMPTY = 4;
/** An image that no browser can show, so that the tile fails as usual. */
const NO_IMAGE = "data:,";

/**
 * Returns a `tileLoadFunction` for `catalogue`, also an `imageLoadFunction`. A tile that OpenLayers drops aborts its request;
 * with `map`, so does one that has left the map's view, which is loaded again when it is back.
 */
export function tileLoader(catalogue, map) {
  return async (tile, src) => {
    const image = tile.getImage();
    const stop = new AbortController();
    const onChange = () => tile.getState() === EMPTY && stop.abort();
    const onRender = ({ frameState }) => {
      if (frameState && !isWanted(tile, frameState)) stop.abort("left");
    };
    tile.addEventListener?.("change", onChange);
    map?.on("postrender", onRender);
    try {
      const url = URL.createObjectURL(await load(catalogue, src, { signal: stop.signal }, "image"));
      image.onload = image.onerror = () => URL.revokeObjectURL(url);
      image.src = url;
    } catch {
      if (stop.signal.reason === "left") putBack(tile);
      else image.src = NO_IMAGE;
    } finally {
      tile.removeEventListener?.("change", onChange);
      map?.un("postrender", onRender);
    }
  };
}

/** Whether some layer of the map still wants `tile`, as OpenLayers' own queue decides. Only tiles have a key. */
const isWanted = (tile, { wantedTiles }) =>
  !tile.getKey || Object.values(wantedTiles).some((wanted) => wanted[tile.getKey()]);

/** Lets OpenLayers load `tile` again when it is in view: of the states, only an error leads back. */
function putBack(tile) {
  tile.setState(ERROR);
  tile.setState(IDLE);
}

/**
 * Returns a `loader` for a VectorSource with a format. `address(extent, resolution, projection)` returns the address of the
 * features in an extent. A request for an extent that the next one does not touch is aborted.
 */
export function featureLoader(catalogue, address) {
  const running = new Set();
  return async function loader(extent, resolution, projection) {
    for (const other of running) if (!touches(other.extent, extent)) other.stop.abort();
    const own = { extent, stop: new AbortController() };
    running.add(own);
    try {
      const url = address(extent, resolution, projection);
      const body = await load(catalogue, url, { signal: own.stop.signal });
      return this.getFormat().readFeatures(await body.text(), { extent, featureProjection: projection });
    } catch (error) {
      // Otherwise the source would take the extent for loaded.
      this.removeLoadedExtent(extent);
      throw error;
    } finally {
      running.delete(own);
    }
  };
}

const touches = (one, other) =>
  one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3];

/**
 * Returns a function that asks for the features at a coordinate, GetFeatureInfo, and returns the text of the answer. A call
 * aborts the one before it, since only the last click counts.
 */
export function featureInfo(catalogue, source) {
  let last;
  return async (coordinate, view, parameters) => {
    last?.abort();
    last = new AbortController();
    const { signal } = last;
    const resolution = view.getResolution();
    const url = resolution && source.getFeatureInfoUrl(coordinate, resolution, view.getProjection(), parameters);
    return url ? (await load(catalogue, url, { signal })).text() : undefined;
  };
}
