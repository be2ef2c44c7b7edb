// The types of leaflet.js.

import type { TileLayer } from "leaflet";
import type { Catalogue } from "./index.js";

/**
 * Lets `layer`, a TileLayer or TileLayer.WMS, request its tiles with the session, and returns it. A tile that has left the view
 * aborts its request. A tile that cannot be loaded fails as usual (`tileerror`), and the session's `onProblem` is called.
 */
export function withSession<Layer extends TileLayer>(layer: Layer, catalogue: Catalogue): Layer;
