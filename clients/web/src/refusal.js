// A refusal that is remembered, so that each tile of a refused person is not an exchange of its own.

import { stopwatch } from "./waiting.js";

/** Seconds for which a definite refusal is remembered. */
export const REFUSAL_HOLDS = 60;
/** Seconds before a third Entra token is tried: a source may return another one at every call. */
const OTHER_TOKEN_PAUSE = 10;

/** Remembers `error` for `seconds`: for `token`, or for every token if it is undefined. `before` is the last refusal. */
export function refusal(error, seconds, token, before) {
  const age = stopwatch();
  const isSecond = before?.isOfAnother(token);
  return {
    error,
    isOfAnother: (other) => age() < seconds && token && other !== token,
    /** Throws the error if it holds for `other`; without `other`, only if it holds for every token. */
    check(other) {
      const holds = !token || other === token || (other && isSecond && age() < OTHER_TOKEN_PAUSE);
      if (holds && age() < seconds) throw error;
    },
  };
}
