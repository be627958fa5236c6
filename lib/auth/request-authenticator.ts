import { isAuthenticationWatched } from '../diagnostics/channels.js';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import { askExtractor, type Credential } from '../extraction/checked-extraction.js';
import { withParams } from '../extraction/client-params.js';
import { refuseCrossSite } from '../extraction/cross-site.js';
import type { IncomingRequest } from '../extraction/request.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { isSamePolicy, type ResolvedSessionPolicy } from '../options/session-policy.js';
import type { HankoCall } from '../transports/transport.js';
import { andThen, isPromise, type MaybePromise } from '../util/maybe-promise.js';
import type { Hanko } from '../tenants/hanko.js';
import type { Hankos } from '../tenants/hankos.js';
import { type Notes, RequestNotes } from './request-notes.js';
import { type Authenticated, isAuthError, type TokenAuthenticator } from './token-authenticator.js';

/** An anonymous caller: allowed on `@OptionalAuth()` routes, refused on others. */
export interface Anonymous {
  readonly user: null;
  /** Why the cookie was ignored; null if there was no credential. */
  readonly failure: HankoAuthError | null;
}

export type Outcome = Authenticated | Anonymous;

/** What a call must meet. Compared by identity. */
export interface Asker {
  /** null: Hanko is not asked. */
  readonly session: ResolvedSessionPolicy | null;
}

/**
 * How long an outcome is reused for the same request. Requests that last longer (a handshake, a stream) are checked
 * again: their session may have ended.
 */
const OUTCOME_MS = 5_000;

/**
 * Authenticates a call: finds the credential and has it verified once per request, even if several ask at the same time.
 * It trusts only its own notes, and reads nothing that other code can write, such as `request.user`.
 */
export class RequestAuthenticator {
  private readonly notes = new RequestNotes<Outcome>();

  /** @param now any clock that goes forward, in milliseconds. */
  constructor(
    private readonly options: Pick<ResolvedHankoOptions, 'trustedOrigins'>,
    private readonly tokens: TokenAuthenticator,
    private readonly hankos: Hankos,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The notes of a call. A call without an identity gets new ones each time. */
  notesOf({ identity }: HankoCall): Notes<Outcome> {
    return identity === undefined ? this.notes.blank() : this.notes.of(identity);
  }

  /**
   * @returns the user or an anonymous caller; no promise if nothing has to be awaited. Errors are thrown or rejected.
   * @throws HankoTenantError `tenant_unknown`
   * @throws HankoCredentialsError `credentials_ambiguous`
   * @throws HankoTokenError any `token_…` code, `session_revoked`
   * @throws HankoCrossSiteError `cross_site_request`
   * @throws HankoUnavailableError `hanko_unavailable`
   * @throws HankoConfigurationError `configuration_invalid` for an extractor that breaks its contract
   */
  authenticate(call: HankoCall, notes: Notes<Outcome>, asker: Asker): MaybePromise<Outcome> {
    // Parameter decorators get the user that the guard admitted: neither tenant nor credential is read again.
    if (notes.hanko !== null && isAdmitted(notes, call, asker)) {
      return this.authenticateAt(notes.hanko, call, notes, asker);
    }
    const hanko = this.hankos.of(call.request ?? NO_REQUEST);
    return isPromise(hanko)
      ? hanko.then((found) => this.authenticateAt(found, call, notes, asker))
      : this.authenticateAt(hanko, call, notes, asker);
  }

  /**
   * The tenant that the app names for a call; the one by which it was authenticated, if it was.
   * @returns undefined without the option `tenants`.
   * @throws HankoTenantError, HankoUnavailableError, HankoConfigurationError
   */
  tenantOf(call: HankoCall, notes: Notes<Outcome>): MaybePromise<string | undefined> {
    return andThen(
      notes.namedHanko ?? this.hankos.of(call.request ?? NO_REQUEST),
      ({ tenantId }) => tenantId,
    );
  }

  private authenticateAt(
    hanko: Hanko,
    call: HankoCall,
    notes: Notes<Outcome>,
    asker: Asker,
  ): MaybePromise<Outcome> {
    const request = call.request ?? NO_REQUEST;
    const isKnown = isAdmitted(notes, call, asker);
    const credential = isKnown ? notes.credential : find(hanko, request, call.params);
    notes.namedHanko = hanko;
    if (credential === null) return NOBODY;

    // Checked each time: middleware may have changed the method, and another caller may declare a handshake.
    if (credential.isAmbient) {
      refuseCrossSite(request, this.options.trustedOrigins, call.isHandshake);
    }
    if (notes.outcome !== undefined && (isKnown || this.holds(notes, hanko, credential, asker))) {
      return notes.outcome;
    }
    return this.verify(notes, hanko, credential, asker);
  }

  /** An outcome is reused for the same tenant, credential and policy only, and not for long. */
  private holds(
    notes: Notes<Outcome>,
    hanko: Hanko,
    credential: Credential,
    { session }: Asker,
  ): boolean {
    return (
      notes.hanko === hanko &&
      notes.credential !== null &&
      isSameCredential(notes.credential, credential) &&
      isSamePolicy(notes.policy, session) &&
      this.now() - notes.askedAt < OUTCOME_MS
    );
  }

  private verify(
    notes: Notes<Outcome>,
    hanko: Hanko,
    credential: Credential,
    { session }: Asker,
  ): MaybePromise<Outcome> {
    notes.outcome = undefined;
    notes.hanko = hanko;
    notes.credential = credential;
    notes.policy = session;
    notes.askedAt = this.now();
    notes.admittedTo = null;
    let found: MaybePromise<Authenticated>;
    try {
      found = this.tokens.verifyAny(credential.tokens, hanko, session);
    } catch (error) {
      this.clock(notes);
      return (notes.outcome = forgive(error, credential));
    }
    if (isPromise(found)) return (notes.outcome = this.settle(notes, credential, found));
    this.clock(notes);
    return (notes.outcome = found);
  }

  private async settle(
    notes: Notes<Outcome>,
    credential: Credential,
    found: Promise<Authenticated>,
  ): Promise<Outcome> {
    let outcome: Outcome | undefined;
    try {
      outcome = await found.catch((error: unknown) => forgive(error, credential));
      return outcome;
    } finally {
      // Unless another credential was verified in the meantime. A failure is not kept: a retry may succeed.
      if (notes.credential === credential) {
        this.clock(notes);
        notes.outcome = outcome;
      }
    }
  }

  private clock(notes: Notes<Outcome>): void {
    notes.tookMs = isAuthenticationWatched() ? this.now() - notes.askedAt : undefined;
  }
}

/**
 * Browsers go on sending an invalid cookie, and JavaScript cannot delete one that is HttpOnly. It must not lock its user
 * out of a page that anonymous callers may see. An outage of Hanko (503) is not forgiven.
 */
function forgive(error: unknown, { isAmbient }: Credential): Anonymous {
  if (isAmbient && isAuthError(error) && error.getStatus() === 401) {
    return { user: null, failure: error };
  }
  throw error;
}

function find(hanko: Hanko, request: IncomingRequest, params: unknown): Credential | null {
  const readable = params === undefined ? request : withParams(request, params);
  for (const extractor of hanko.options.extractors) {
    const credential = askExtractor(extractor, readable);
    if (credential !== null) return credential;
  }
  return null;
}

const isAdmitted = (notes: Notes<Outcome>, call: HankoCall, asker: Asker): boolean =>
  notes.admittedTo === asker && notes.admittedAs === call.request;

const isSameCredential = (a: Credential, b: Credential): boolean =>
  a.source === b.source &&
  a.isAmbient === b.isAmbient &&
  a.tokens.length === b.tokens.length &&
  a.tokens.every((token, index) => token === b.tokens[index]);

const NOBODY: Anonymous = { user: null, failure: null };

const NO_REQUEST: IncomingRequest = { headers: {} };
