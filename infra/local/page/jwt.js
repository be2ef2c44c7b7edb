// Decodes JSON Web Tokens for display. Nothing is verified here: the service and the gate do that.

/** { header, claims } of `token`. Throws a SyntaxError if it is not a token. */
export function decode(token) {
  const parts = String(token).split(".");
  if (parts.length !== 3) throw new SyntaxError("not a JSON Web Token");
  return { header: part(parts[0]), claims: part(parts[1]) };
}

function part(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
}

/** The time from now to `seconds` (Unix time), in words. */
export function relative(seconds, now = Date.now() / 1000) {
  const away = Math.round(seconds - now);
  return away >= 0 ? `in ${duration(away)}` : `${duration(-away)} ago`;
}

/** `seconds` in words. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return twoUnits(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86_400) return twoUnits(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  return `${Math.floor(whole / 86_400)} days`;
}

function twoUnits(more, unit, less, smaller) {
  return less === 0 ? `${more} ${unit}` : `${more} ${unit} ${less} ${smaller}`;
}
