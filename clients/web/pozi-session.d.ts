// Types of pozi-session.js, and what everything in it takes, returns and promises.

/** What an Entra token is asked with. */
export interface EntraTokenRequest {
  /** A token from the cache would not do: the service said that it has expired. */
  forceRefresh: boolean;
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
}

export interface SessionOptions {
  /** The token exchange: its issuer URL, https (or http on this machine). */
  service: string;
  /** Where the data is: the site's external URL, https (or http on this machine). Sessions are sent under it only. */
  server: string;
  /**
   * The Entra access token for the site's scope `…/user_impersonation`: MSAL's `acquireTokenSilent`. What it throws comes
   * out of the session's calls as it is, `InteractionRequiredAuthError` among it.
   */
  entraToken(request: EntraTokenRequest): string | Promise<string>;
  /** Only these permissions, `<catalogue>:<read|write>` separated by spaces; all that the person has when left out. */
  scope?: string;
  /** Send the Entra token too, as `Authorization`, for Application Proxy. */
  withEntraToken?: boolean;
  /** Ends the session when it aborts. */
  signal?: AbortSignal;
  /** Called after each exchange, also those in the background. */
  onRenewed?(info: SessionInfo): void;
  /** Called with what goes wrong where nobody waits: renewals in the background, and tiles. */
  onProblem?(problem: unknown): void;
}

/** What may be known of a session. The token is not in it. */
export interface SessionInfo {
  /** `<catalogue>:<read|write>`, each. */
  scope: string[];
  /** Seconds until it ends. */
  expiresIn: number;
}

export interface Waiting {
  /** Gives up waiting; the call rejects with the signal's reason. What others wait for goes on. */
  signal?: AbortSignal;
}

/** What OpenLayers hands to a tile load function, or to an image load function. */
export interface Tile {
  getImage(): unknown;
}

/** Requests for one catalogue. */
export interface Catalogue {
  /**
   * As the browser's `fetch`, with the session in `X-Pozi-Session`. The address is taken relative to `server`. After a 401
   * it renews the session and asks once more, unless the body was streamed or a Request's: that is spent. Redirects are
   * errors: the browser would send the session along.
   * Rejects with a {@link PoziError} `catalogue_not_granted` or `outside_server` when nothing was sent, or as
   * {@link Session.token} does.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * An OpenLayers `tileLoadFunction`, and an `imageLoadFunction` as well. A tile that cannot be had fails as others do, and
   * `onProblem` hears why, also when it is that somebody must sign in again.
   */
  loadTile(tile: Tile, src: string): Promise<void>;
}

export interface Session {
  /**
   * A session token that is good now. Exchanges when there is none, one exchange at a time however many callers.
   * Rejects with a {@link PoziError}, the signal's reason, or what `entraToken` threw.
   */
  token(waiting?: Waiting): Promise<string>;
  /** Exchanges now. Rejects as {@link token} does; the session in force stays. */
  renew(waiting?: Waiting): Promise<SessionInfo>;
  /** The session in force; undefined when there is none. */
  readonly info: SessionInfo | undefined;
  /** Another session with the same options, of these permissions only. It ends with this one. */
  narrow(scope: string): Session;
  /** Requests for one catalogue; all of them give up when `signal` aborts. */
  catalogue(id: string, waiting?: Waiting): Catalogue;
  /** Forgets the token and stops renewing. Calls under way, and later ones, reject with a {@link PoziError} `ended`. */
  end(): void;
}

/** Opens a session. It exchanges with its first use. Throws a {@link PoziError} `invalid_options` for a URL that is not safe. */
export function createSession(options: SessionOptions): Session;

/** Why there is no session, or why nothing was sent. No message holds a token. */
export class PoziError extends Error {
  readonly name: "PoziError";
  /**
   * The service's own reason (`no_catalogue`, `groups_overage`, …), or one from here: `network`, `timeout`, `bad_answer`,
   * `catalogue_not_granted`, `outside_server`, `no_image`, `invalid_options`, `ended`.
   */
  readonly reason: string;
  /** The OAuth code (RFC 6749 §5.2), when the service refused. */
  readonly error?: string;
  /** A sentence for an administrator, when the service refused. */
  readonly description?: string;
  /** The HTTP status, when there was an answer. */
  readonly status?: number;
  /** Seconds after which it is worth trying again, when the service said so. */
  readonly retryAfter?: number;
}
