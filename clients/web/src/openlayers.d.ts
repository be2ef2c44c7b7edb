// The types of openlayers.js.

import type Map from "ol/Map.js";
import type View from "ol/View.js";
import type { Coordinate } from "ol/coordinate.js";
import type { Extent } from "ol/extent.js";
import type Feature from "ol/Feature.js";
import type Projection from "ol/proj/Projection.js";
import type VectorSource from "ol/source/Vector.js";
import type { Catalogue } from "./index.js";

/**
 * Returns a `tileLoadFunction`, also an `imageLoadFunction`. A tile that OpenLayers drops aborts its request; with `map`, so does
 * one that has left the map's view, which is loaded again when it is back. A tile that cannot be loaded fails as usual, and the
 * session's `onProblem` is called.
 */
export function tileLoader(catalogue: Catalogue, map?: Map): (tile: object, src: string) => Promise<void>;

/**
 * Returns a `loader` for a VectorSource that has a `format`. `address` returns the address of the features in `extent`. With the
 * strategy `bbox`, a request for an extent that the next one does not touch is aborted; what was not loaded is asked for again.
 */
export function featureLoader(
  catalogue: Catalogue,
  address: (extent: Extent, resolution: number, projection: Projection) => string | URL,
): (this: VectorSource, extent: Extent, resolution: number, projection: Projection) => Promise<Feature[]>;

/** A source that knows the address of its GetFeatureInfo: TileWMS or ImageWMS. */
export interface QueryableSource {
  getFeatureInfoUrl(
    coordinate: Coordinate,
    resolution: number,
    projection: Projection,
    parameters: Record<string, unknown>,
  ): string | undefined;
}

/**
 * Returns a function that asks for the features at a coordinate, and returns the text of the answer; undefined if the source cannot
 * be queried there. A call aborts the one before it, which rejects with an AbortError.
 */
export function featureInfo(
  catalogue: Catalogue,
  source: QueryableSource,
): (
  coordinate: Coordinate,
  view: View,
  parameters: Record<string, unknown>,
) => Promise<string | undefined>;
