// Keeps the page's sessions: the whole one and the present one, which may be narrower. Shows how they fare.

import { createSession } from "/pozi-session.js";

import { button, make, problemBox, waiting } from "./elements.js";
import { decode, duration } from "./jwt.js";
import { problemOf, sentenceOf } from "./problems.js";
import { decodedView, narrowForm, noSession, sessionView, timeBar } from "./session-panel.js";

export class SessionDesk {
  #config; #login; #panel; #note; #onChanged;
  #whole; #present;
  #bar = timeBar();
  #lifetime = 1;
  #offered; #told;
  #ticking;

  /** `panel(id, state, ...children)` shows, `note(kind, text)` tells, `onChanged()` hears of another present session. */
  constructor({ config, login, panel, note, onChanged }) {
    Object.assign(this, { renew: this.renew.bind(this), open: this.open.bind(this) });
    [this.#config, this.#login, this.#panel, this.#note, this.#onChanged] = [config, login, panel, note, onChanged];
    this.#ticking = setInterval(() => this.#tick(), 1000);
  }

  /** Exchanges the sign-in for a session with all permissions. */
  async open() {
    const made = createSession({
      service: this.#config.service,
      server: `${location.origin}/${this.#login.site.name}/pozi/`,
      entraToken: this.#login.token,
      onRenewed: (info) => this.#renewed(info),
      onProblem: (problem) => this.#troubled(problem),
    });
    this.#whole = made;
    await this.#use(made);
  }

  /** Exchanges again, now. */
  async renew() {
    try {
      await this.#present.renew();
    } catch (problem) {
      this.#troubled(problem);
    }
  }

  /** A response for `address`, with the present session; without one where there is none to be had. */
  async fetch(catalogue, address) {
    const scope = this.#present?.info?.scope;
    if (scope?.some((permission) => permission.startsWith(`${catalogue}:`))) {
      return this.#present.catalogue(catalogue).fetch(address);
    }
    // Nobody who means well asks for it, and the module would not send it: that the gate refuses is to be seen here.
    return fetch(address, { headers: scope && { "X-Pozi-Session": await this.#present.token() } });
  }

  /** Forgets the sessions. */
  end() {
    clearInterval(this.#ticking);
    this.#forget();
  }

  async #use(session) {
    if (this.#present && this.#present !== this.#whole) this.#present.end();
    this.#present = session;
    this.#panel("session", "loading", waiting("Exchanging the token…"));
    try {
      await session.token();
      await this.#show(session);
    } catch (problem) {
      this.#troubled(problem);
    }
    await this.#onChanged();
  }

  #renewed({ expiresIn, scope }) {
    this.#note("allowed", `The exchange gave a session for ${duration(expiresIn)}: ${scope.join(", ")}.`);
    this.#show(this.#present).catch((problem) => this.#troubled(problem));
  }

  async #show(session, problem) {
    const token = await session.token();
    if (session !== this.#present) return;
    const decoded = decode(token);
    const narrowed = session !== this.#whole;
    this.#lifetime = decoded.claims.exp - decoded.claims.iat;
    this.#tick();
    const acts = { renew: this.renew, widen: () => this.#use(this.#whole), forget: () => this.#forgotten() };
    const view = sessionView({ claims: decoded.claims, narrowed, bar: this.#bar, acts });
    this.#panel("session", "ready", problem && problemBox(problem), view);
    this.#panel("decoded", "ready", decodedView(decoded));
    if (!narrowed) this.#offer(session.info.scope);
  }

  /** The form stays as it is while the choice is the same: a renewal must not tick what somebody unticked. */
  #offer(permissions) {
    if (this.#offered === permissions.join(" ")) return;
    this.#offered = permissions.join(" ");
    const narrow = (scope) => {
      this.#note("info", `Narrowing to ${scope}.`);
      return this.#use(this.#whole.narrow(scope));
    };
    this.#panel("narrow", "ready", narrowForm(permissions, narrow));
  }

  /** A renewal that somebody asked for tells its problem twice: to whoever asked, and as those in the background do. */
  #troubled(error) {
    const session = this.#present;
    if (!session || error === this.#told) return;
    this.#told = error;
    const problem = problemOf(error, this.#config.mistakes);
    this.#note("refused", sentenceOf(problem));
    if (session.info?.expiresIn > 0) {
      this.#show(session, problem).catch(() => {});
      return;
    }
    this.#panel("session", "error", problemBox(problem), this.#again());
    this.#panel("decoded", "empty");
  }

  #again() {
    return make("div", { class: "row buttons" }, button("exchange", "Exchange again", this.open, { class: "second" }));
  }

  #forgotten() {
    this.#forget();
    this.#note("info", "The session was forgotten.");
    this.#panel("session", "empty", noSession(this.open));
    this.#panel("narrow", "empty");
    this.#panel("decoded", "empty");
    return this.#onChanged();
  }

  #forget() {
    this.#present?.end();
    this.#whole?.end();
    this.#present = this.#whole = this.#offered = undefined;
  }

  #tick() {
    const left = this.#present?.info?.expiresIn;
    if (left !== undefined) this.#bar.move(left, this.#lifetime);
  }
}
