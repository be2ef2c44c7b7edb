// Requests for one catalogue: with the session, to the site's server only, or to the relay for it.

import { addressOf } from "./addresses.js";
import { entraToken } from "./exchange.js";
import { PoziError, troubles } from "./problems.js";
import { anySignal } from "./waiting.js";

/** Returns the requests for the catalogue `id`, all of which are cancelled when `outer` aborts. */
export function catalogueOf(id, outer, service, sessions) {
  /** Like the browser's `fetch`. */
  async function send(input, init = {}) {
    // `init` takes precedence over a Request, as in the browser's `fetch`.
    const url = addressOf(input.url ?? input, service.server);
    if (!url) throw new PoziError("outside_server", whereIs(input));
    const signal = anySignal(service.ended, outer, init.signal ?? input.signal);
    // A streamed body, or that of a Request, cannot be sent again.
    const isOnce = init.body?.getReader ?? input.body;
    for (let isRepeated = false; ; isRepeated = true) {
      const used = await sessions.current(signal);
      // A writer has `:read` as well, unless the options' `scope` left it out. `:download` alone opens nothing.
      const isGranted = used.scope.some((word) => word === `${id}:read` || word === `${id}:write`);
      if (!isGranted) throw new PoziError("catalogue_not_granted", whereIs(url));
      const headers = new Headers(init.headers ?? input.headers);
      headers.set("X-Pozi-Session", used.token);
      if (service.withEntraToken) headers.set("Authorization", `Bearer ${await entraToken(service, false, signal)}`);
      // A browser sends the session along to the target of a redirect, such as another host's login page.
      const request = (service.relay ?? fetch)(input.url ? input : url, { ...init, headers, signal, redirect: "manual" }, service.server);
      const response = await request.catch((error) => error);
      if (response.ok) return response;
      const { isWorthRepeating } = await troubles();
      const sent = { isOnce, isRepeated, used, signal, where: whereIs(url) };
      if (!(await isWorthRepeating(response, sent, sessions, service))) return response;
    }
  }

  const whereIs = (url) => ({ catalogue: id, url: `${url.url ?? url}` });

  return { fetch: send, report: (problem, url) => sessions.tell(problem, whereIs(url)) };
}
