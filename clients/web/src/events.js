// Tells the Web App of problems: once for each cause, and not for each tile.

import { stopwatch } from "./waiting.js";

/** Seconds without a problem after which the same cause counts as a new one. */
const SAME_CAUSE = 300;
/** Problems of one catalogue; the others are the same cause for all of them. */
const OF_CATALOGUE = ["catalogue_not_granted", "no_data", "no_image", "outside_server"];

/** Calls `onProblem` unless the cause is known. `met` says how long ago each cause was last met. */
export function tell({ met, onProblem, server, ended }, error, where) {
  if (ended.aborted) return;
  Object.assign(error, { ...where, ...error });
  if (URL.canParse(error.url, server)) error.url = new URL(error.url, server).href;
  const { reason, status, catalogue } = error;
  const cause = [reason, status, OF_CATALOGUE.includes(reason) && catalogue].join();
  const isKnown = met.get(cause)?.() < SAME_CAUSE;
  met.set(cause, stopwatch());
  // Not within the caller, which an error of the Web App must not stop.
  if (!isKnown) queueMicrotask(() => onProblem?.(error));
}
