// The types of maplibre.js.

import type { AddProtocolAction } from "maplibre-gl";
import type { Session } from "./index.js";

/**
 * Returns the function to pass to `addProtocol("pozi", …)`. `pozi://planning/ows/planning/?…` is then a request to
 * `ows/planning/?…` for the catalogue `planning`. A tile that has left the view aborts its request. A tile that cannot be loaded
 * fails as usual, and the session's `onProblem` is called.
 */
export function sessionProtocol(session: Session): AddProtocolAction;
