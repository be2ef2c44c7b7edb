// The types of pozi-session.js.

/** The argument of `entraToken`. */
export interface EntraTokenRequest {
  /** Whether to bypass the cache, because the service found the cached token expired or too old. */
  forceRefresh: boolean;
  /** Aborts when no caller waits for the token any more. */
  signal: AbortSignal;
}

export interface SessionOptions {
  /** The token exchange: its issuer URL, https (or http on this machine). */
  service: string;
  /** The server of the data: the site's external URL, https (or http on this machine). Sessions are sent only under it. */
  server: string;
  /**
   * Returns the Entra access token for the site's scope `…/user_impersonation`, from MSAL's `acquireTokenSilent`. The
   * session's calls reject with what it throws, unchanged, such as `InteractionRequiredAuthError`.
   */
  entraToken(request: EntraTokenRequest): string | Promise<string>;
  /** Only these permissions, `<catalogue>:<read|write>` separated by spaces; all that the person has if left out. */
  scope?: string;
  /** Send the Entra token too, as `Authorization`, for Application Proxy. */
  withEntraToken?: boolean;
  /** Ends the session when it aborts. */
  signal?: AbortSignal;
  /** Called after each exchange, also those in the background. */
  onRenewed?(info: SessionInfo): void;
  /** Called with errors that no caller receives: those of renewals in the background, and of tiles. */
  onProblem?(problem: unknown): void;
}

/** A session without its token. */
export interface SessionInfo {
  /** The permissions, each `<catalogue>:<read|write>`. */
  scope: string[];
  /** Seconds until it expires. */
  expiresIn: number;
}

export interface Waiting {
  /** Stops waiting: the call rejects with the signal's reason. Other callers are not affected. */
  signal?: AbortSignal;
}

/** The argument that OpenLayers passes to a tile load function or an image load function. */
export interface Tile {
  getImage(): unknown;
}

/** Requests for one catalogue. */
export interface Catalogue {
  /**
   * Like the browser's `fetch`, with the session in `X-Pozi-Session`. The address is relative to `server`. After a 401 it
   * renews the session and repeats the request once, unless the body was streamed or came in a Request: such a body cannot
   * be sent again. Redirects are errors, because the browser would send the session along.
   * Rejects with a {@link PoziError} `catalogue_not_granted` or `outside_server` when nothing was sent, or as
   * {@link Session.token} does.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * An OpenLayers `tileLoadFunction` or `imageLoadFunction`. A tile that cannot be loaded fails as usual, and `onProblem`
   * is called with the reason, including that the person must sign in again.
   */
  loadTile(tile: Tile, src: string): Promise<void>;
}

export interface Session {
  /**
   * Returns a session token that is valid now. Exchanges if there is none, once for all callers that wait.
   * Rejects with a {@link PoziError}, the signal's reason, or what `entraToken` threw.
   */
  token(waiting?: Waiting): Promise<string>;
  /** Exchanges now. Rejects as {@link token} does, and then keeps the current session. */
  renew(waiting?: Waiting): Promise<SessionInfo>;
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

/** Why there is no session, or why nothing was sent. No message contains a token. */
export class PoziError extends Error {
  readonly name: "PoziError";
  /**
   * The service's reason (`no_catalogue`, `groups_overage`, …), or one of this module: `network`, `timeout`, `bad_answer`,
   * `catalogue_not_granted`, `outside_server`, `no_image`, `invalid_options`, `ended`.
   */
  readonly reason: string;
  /** The OAuth code (RFC 6749 §5.2), if the service refused. */
  readonly error?: string;
  /** A sentence for an administrator, if the service refused. */
  readonly description?: string;
  /** The HTTP status, if there was a response. */
  readonly status?: number;
  /** Seconds after which to try again, if the service gave them. */
  readonly retryAfter?: number;
}
