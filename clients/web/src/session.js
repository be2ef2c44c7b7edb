// Opens sessions. index.d.ts documents the types.

import { folder } from "./addresses.js";
import { catalogueOf } from "./catalogue.js";
import { keeper } from "./keeper.js";
import { PoziError, troubles } from "./problems.js";
import { anySignal } from "./waiting.js";

/** Opens a session; its token is reachable only through `token()`. */
export function createSession(options) {
  // Early, while there is a network. If that fails, it is tried again when it is needed.
  troubles().catch(() => {});
  const over = new AbortController();
  const service = {
    ...options,
    endpoint: `${folder(options.service)}oauth2/token`,
    server: folder(options.server),
    ended: anySignal(over.signal, options.signal),
    met: new Map(),
  };
  const sessions = keeper(service);
  return {
    token: async ({ signal } = {}) => (await sessions.current(signal)).token,
    renew: sessions.renew,
    get info() {
      return sessions.info();
    },
    narrow: (scope) => createSession({ ...options, scope, signal: service.ended }),
    catalogue: (id, { signal } = {}) => catalogueOf(id, signal, service, sessions),
    end: () => over.abort(new PoziError("ended")),
  };
}
