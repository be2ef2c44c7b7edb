// The types of index.js.

import type { Relay } from "./relay.js";

/** The argument of `entraToken`. */
export interface EntraTokenRequest {
  /** Whether to bypass MSAL's cache, because a fresh token may list other groups or be accepted where the cached one was not. */
  forceRefresh: boolean;
  /**
   * The scopes of the token, if not the site's own: Microsoft Graph's `User.Read`, for a person in more groups than an Entra
   * token can list. A function that cannot get such a token throws; the person is then refused with `groups_overage`.
   */
  scopes?: string[];
  /** Aborts when no caller waits for the token any more, and after a minute. */
  signal: AbortSignal;
}

export interface SessionOptions {
  /** The token exchange: its issuer URL, https (or http on this machine). */
  service: string;
  /** The server of the data: the site's external URL, https (or http on this machine). Sessions are sent only under it, or to `relay`. */
  server: string;
  /** The relay for that server, from `@pozi/session/relay`, where the browser cannot reach the server itself. */
  relay?: Relay;
  /**
   * Returns the Entra access token for the site's scope `…/user_impersonation`, or for the `scopes` of the request, from MSAL's
   * `acquireTokenSilent`. What it throws
   * becomes the `cause` of a {@link PoziError}: `network` or `timeout`, which are tried again; `interaction_required`, which is
   * remembered until {@link Session.renew}; or `entra_token`.
   */
  entraToken(request: EntraTokenRequest): string | Promise<string>;
  /** Only these permissions, `<catalogue>:<read|write>` separated by spaces; all that the person has if left out. */
  scope?: string;
  /** Send the Entra token too, as `Authorization`, for Application Proxy. */
  withEntraToken?: boolean;
  /** Ends the session when it aborts. */
  signal?: AbortSignal;
  /** Called after each exchange, also those in the background. */
  onRenewed?(info: RenewedInfo): void;
  /**
   * Called with what no caller receives: problems of renewals in the background, of tiles and features, and of a server that does
   * not accept a session. Once for each cause: again only after a renewal, or if it has not happened for five minutes.
   */
  onProblem?(problem: PoziError): void;
}

/** A session without its token. */
export interface SessionInfo {
  /** The permissions, each `<catalogue>:<read|write>`. */
  scope: string[];
  /** Seconds until it expires. */
  expiresIn: number;
}

export interface RenewedInfo extends SessionInfo {
  /** Whether the exchange before this one failed, so that layers may lack tiles: refresh them. */
  recovered: boolean;
}

export interface Waiting {
  /** Stops waiting: the call rejects with the signal's reason. Other callers are not affected. */
  signal?: AbortSignal;
}

export interface Renewing extends Waiting {
  /** Whether to ask for a fresh Entra token, for example because the person's groups have just changed. */
  fresh?: boolean;
}

/** Requests for one catalogue. */
export interface Catalogue {
  /**
   * Like the browser's `fetch`, with the session in `X-Pozi-Session`. The address is relative to `server`. After a 401 it renews
   * the session and repeats the request once, unless the body was streamed or came in a Request: such a body cannot be sent
   * again. Redirects are errors, because the browser would send the session along.
   * Rejects with a {@link PoziError} `catalogue_not_granted` or `outside_server` when nothing was sent, with `network` or
   * `network_answers`, or as {@link Session.token} does.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Tells `onProblem` of a problem that your own loader met at `url`, unless its cause is known. */
  report(problem: PoziError, url: string | URL | Request): Promise<void>;
}

export interface Session {
  /**
   * Returns a session token that is valid now. Exchanges if there is none, once for all callers that wait.
   * Rejects with a {@link PoziError}, or the signal's reason.
   */
  token(waiting?: Waiting): Promise<string>;
  /** Exchanges now, even if a refusal is remembered. Rejects as {@link token} does, and then keeps the current session. */
  renew(renewing?: Renewing): Promise<SessionInfo>;
  /** The current session; undefined if there is none. */
  readonly info: SessionInfo | undefined;
  /** Returns another session with the same options but only these permissions. It ends with this one. */
  narrow(scope: string): Session;
  /** Returns the requests for one catalogue; all of them are cancelled when `signal` aborts. */
  catalogue(id: string, waiting?: Waiting): Catalogue;
  /** Forgets the token and stops renewing. Pending and later calls reject with a {@link PoziError} `ended`. */
  end(): void;
}

/** Opens a session, which exchanges when it is first used. Throws a {@link PoziError} `invalid_options` for an unsafe URL. */
export function createSession(options: SessionOptions): Session;

/** The sentences of {@link PoziError.forPerson} by reason. Set your own to replace any of them; `other` is for all others. */
export const sentences: Record<string, string>;

/** Why there is no session, or why something was not sent or not loaded. No message contains a token. */
export class PoziError extends Error {
  /** For loaders of your own; see {@link Catalogue.report}. */
  constructor(reason: string, more?: Partial<Omit<PoziError, "name" | "reason" | "forPerson">>);
  readonly name: "PoziError";
  /** The service's reason (`no_catalogue`, `groups_overage`, …), or one of this module; `@pozi/session/reasons` lists them all. */
  readonly reason: string;
  /** What happened and what the person can do, in English unless {@link sentences} say otherwise. */
  readonly forPerson: string;
  /** A sentence for an administrator, if the server gave one. */
  readonly description?: string;
  /** The catalogue whose request met the problem first, if one did. */
  readonly catalogue?: string;
  /** The URL of that request. */
  readonly url?: string;
  /** The OAuth code (RFC 6749 §5.2), if the service refused. */
  readonly error?: string;
  /** The scope of the Graph token with which the service would try again. The module acquires and sends it by itself. */
  readonly graphScope?: string;
  /** The HTTP status, if there was a response. */
  readonly status?: number;
  /** Seconds after which to try again, if the service gave them. The module does so by itself. */
  readonly retryAfter?: number;
}
