// Loads what no caller waits for, such as tiles: what goes wrong is told to the Web App.

import { PoziError, troubles } from "./problems.js";

/**
 * Returns the body of the response for `input`, a Blob whose Content-Type contains `kind`. Rejects, and tells `onProblem`,
 * if there is none. An abort is not told.
 */
export async function load(catalogue, input, init, kind = "") {
  try {
    const response = await catalogue.fetch(input, init);
    const body = await response.blob();
    if (response.ok && body.type.includes(kind)) return body;
    throw await (await troubles()).contentProblem(response, body, kind);
  } catch (error) {
    // A TypeError is a connection that broke within the body. Anything else is the reason of an abort.
    const problem = error instanceof TypeError ? new PoziError("network", { cause: error }) : error;
    const isAborted = init?.signal?.aborted || !(problem instanceof PoziError);
    if (!isAborted) await catalogue.report(problem, input);
    throw problem;
  }
}
