// Keeps the page's sessions: the full one, and the current one, which may be narrower. Updates the panels about them.

import { createSession } from "/pozi-session/index.js";

import { button, buttons, errorBox, waiting } from "./elements.js";
import { describe, inOneLine } from "./errors.js";
import { decode, duration } from "./jwt.js";
import { decodedView, narrowForm, noSession, sessionView, timeBar } from "./session-panel.js";

export class SessionController {
  #config; #login; #panel; #note; #verdict; #onChanged;
  #full; #current;
  #bar = timeBar();
  #lifetime = 1;
  #offered; #lastError; #uti;
  #logged = new Set();
  #timer;

  /**
   * `panel(id, state, ...children)` fills a panel, `note(kind, text)` logs, `verdict(outcome)` shows the outcome,
   * `onChanged()` is called for a new current session.
   */
  constructor({ config, login, panel, note, verdict, onChanged }) {
    [this.#config, this.#login, this.#panel, this.#note, this.#verdict, this.#onChanged] = [config, login, panel, note, verdict, onChanged];
    this.#timer = setInterval(() => this.#tick(), 1000);
  }

  /** Exchanges the Entra token for a session with all permissions. */
  async open() {
    const session = createSession({
      service: this.#config.service,
      server: `${location.origin}/${this.#login.site.name}/pozi/`,
      entraToken: (options) => this.#entraToken(options),
      onRenewed: () => this.#show(this.#current).catch((error) => this.#failed(error)),
      onProblem: (error) => this.#failed(error),
    });
    this.#full = session;
    await this.#use(session);
  }

  /** The Entra token to exchange, whose id is the reference of a refusal; for a person in too many groups, also Graph's. */
  async #entraToken(options) {
    if (options.scopes) this.#note("info", `Getting a token for Microsoft Graph (${options.scopes.join(" ")}): the Entra token lists no groups.`);
    const token = await this.#login.token(options);
    if (options.scopes) return token;
    this.#uti = decode(token).claims.uti;
    this.#note("info", `Exchanging the token (uti ${this.#uti}) for a session.`);
    return token;
  }

  /** Renews the current session now. */
  async renew() {
    try {
      await this.#current.renew();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Fetches `address` with the current session; without a session if there is none. */
  async fetch(catalogue, address) {
    const scope = this.#current?.info?.scope;
    if (scope?.some((permission) => permission.startsWith(`${catalogue}:`))) {
      return this.#current.catalogue(catalogue).fetch(address);
    }
    // The module would not send this request. The page does, to show that the gate refuses it.
    return fetch(address, { headers: scope && { "X-Pozi-Session": await this.#current.token() } });
  }

  /** Discards the sessions and stops. */
  end() {
    clearInterval(this.#timer);
    this.#discard();
  }

  async #use(session) {
    if (this.#current && this.#current !== this.#full) this.#current.end();
    this.#current = session;
    this.#panel("session", "loading", waiting("Exchanging the token…"));
    this.#verdict({ state: "waiting" });
    try {
      await session.token();
      await this.#show(session);
    } catch (error) {
      this.#failed(error);
    }
    await this.#onChanged();
  }

  async #show(session, described) {
    const token = await session.token();
    if (session !== this.#current) return;
    const decoded = decode(token);
    const narrowed = session !== this.#full;
    this.#lifetime = decoded.claims.exp - decoded.claims.iat;
    this.#log(decoded.claims);
    this.#verdict({ state: "open", scope: session.info.scope });
    this.#tick();
    const acts = { renew: () => this.renew(), widen: () => this.#use(this.#full), discard: () => this.#discarded() };
    const view = sessionView({ claims: decoded.claims, narrowed, bar: this.#bar, acts });
    this.#panel("session", "ready", described && errorBox(described), view);
    this.#panel("decoded", "ready", decodedView(decoded));
    if (!narrowed) this.#offer(session.info.scope);
  }

  #log({ jti, scope }) {
    if (this.#logged.has(jti)) return;
    this.#logged.add(jti);
    this.#note("allowed", `The exchange issued a session for ${duration(this.#lifetime)}: ${scope.split(" ").join(", ")} (jti ${jti}).`);
  }

  /** Shows the form to narrow the session. It is only replaced if the permissions changed: a renewal keeps the choice. */
  #offer(permissions) {
    if (this.#offered === permissions.join(" ")) return;
    this.#offered = permissions.join(" ");
    const narrow = (scope) => {
      this.#note("info", `Requesting a session for ${scope} only.`);
      return this.#use(this.#full.narrow(scope));
    };
    this.#panel("narrow", "ready", narrowForm(permissions, narrow));
  }

  /** Shows and logs an error once: that of a renewal arrives here from `renew` and from `onProblem`. */
  #failed(error) {
    const session = this.#current;
    if (!session || error === this.#lastError) return;
    this.#lastError = error;
    const described = describe(error, this.#config.mistakes);
    this.#note("refused", inOneLine(described) + (described.reason && this.#uti ? ` (uti ${this.#uti})` : ""));
    if (session.info?.expiresIn > 0) {
      this.#show(session, described).catch(() => {});
      return;
    }
    this.#verdict({ state: "refused", described });
    const again = buttons(button("exchange", "Exchange again", () => this.open(), { class: "second" }));
    this.#panel("session", "error", errorBox(described), again);
    this.#panel("decoded", "empty");
  }

  #discarded() {
    this.#discard();
    this.#note("info", "The session was discarded.");
    this.#verdict({ state: "discarded" });
    this.#panel("session", "empty", noSession(() => this.open()));
    this.#panel("narrow", "empty");
    this.#panel("decoded", "empty");
    return this.#onChanged();
  }

  #discard() {
    this.#current?.end();
    this.#full?.end();
    this.#current = this.#full = this.#offered = undefined;
  }

  #tick() {
    const left = this.#current?.info?.expiresIn;
    if (left !== undefined) this.#bar.move(left, this.#lifetime);
  }
}
