import { setMaxListeners } from 'node:events';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import {
  HankoConfigurationError,
  HankoTokenError,
  HankoUnavailableError,
} from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { HttpMethod, HttpReply } from '../http/exchange.js';
import { exchangeWithin, parseJson } from '../http/fetch-json.js';
import { FetchFailure } from '../http/fetch-failure.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import type { Hanko } from '../tenants/hanko.js';
import { Hankos } from '../tenants/hankos.js';
import { isObject } from '../util/value-checks.js';
import { readProfile, type HankoUserProfile } from './user-profile.js';

/** Longer replies are refused, in bytes: a profile holds passkeys and metadata. */
const MAX_REPLY_BYTES = 1_048_576;

/** Options that the methods of `HankoProfile` take. */
export interface HankoProfileOptions {
  /** Whose token it is, such as `user.tenantId`. Required in an app with the option `tenants`, and wrong in others. */
  readonly tenant?: string | undefined;
}

/**
 * Profile and logout of a user, by the user's own session token. The profile is as it is now, and not as it was at login.
 *
 * ```ts
 * const profile = app.get(HankoProfile);
 * const { emails, username } = await profile.get(token); // what SessionToken() gives a handler
 * ```
 */
@Injectable()
export class HankoProfile implements OnApplicationShutdown {
  private readonly closing = new AbortController();

  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(HankoAuthService) private readonly auth: HankoAuthService,
    @Inject(HankoRevocation) private readonly revocation: HankoRevocation,
    @Inject(Hankos) private readonly hankos: Hankos,
  ) {
    // Each call listens for the end of the app, so Node's warning of a leak would be wrong.
    setMaxListeners(0, this.closing.signal);
  }

  /** Aborts calls that are under way, after the requests that were. */
  onApplicationShutdown(): void {
    this.closing.abort();
  }

  /**
   * Reads the profile of a token's user (`GET /me`): all addresses, passkeys, second factors, public and unsafe metadata.
   * It counts as activity of the user. Needs Hanko 2.1.
   *
   * @param token from `@SessionToken()`.
   * @param options `tenant` names the user's tenant, in an app with the option `tenants`.
   * @throws HankoTokenError `session_revoked` if Hanko says that the session, or its user, is gone (401); any `token_…` code
   * @throws HankoTenantError `tenant_unknown` (404)
   * @throws HankoUnavailableError `hanko_unavailable` (503)
   * @throws HankoConfigurationError `configuration_invalid` without `apiUrl`, and unless `tenant` is given exactly where the app
   * has tenants
   */
  async get(token: string, { tenant }: HankoProfileOptions = {}): Promise<HankoUserProfile> {
    const url = urlOf(await this.hankos.named(tenant, 'HankoProfile.get().tenant'), '/me');
    const user = await this.auth.verifyToken(token, { session: 'offline', tenant });
    const reply = await this.call('GET', url, token);
    const { status, text } = reply;
    if (saysNobody(reply)) {
      this.revocation.noteEnded(user);
      throw new HankoTokenError('session_revoked', 'Hanko says that the session has ended');
    }
    if (status !== 200) throw unavailable(`status ${status}`);
    const profile = readProfile(parsed(text));
    if (profile?.id.toLowerCase() !== user.id.toLowerCase()) {
      throw unavailable('the reply does not have the shape of /me');
    }
    return profile;
  }

  /**
   * Logs a user out (`POST /logout`). The token is refused from then on, on all instances that share a store, and what the
   * session opened ends. The cookie in the browser stays: Hanko's components or your response must delete it.
   *
   * @param token from `@SessionToken()`. One whose session is over already is no error.
   * @param options `tenant` names the user's tenant, in an app with the option `tenants`.
   * @throws HankoTokenError any `token_…` code; never `session_revoked`
   * @throws HankoTenantError `tenant_unknown` (404)
   * @throws HankoUnavailableError `hanko_unavailable` (503) if Hanko, or the store, does not reply; this instance refuses the
   * token all the same
   * @throws HankoConfigurationError `configuration_invalid` without `apiUrl`, and unless `tenant` is given exactly where the app
   * has tenants
   */
  async logout(token: string, { tenant }: HankoProfileOptions = {}): Promise<void> {
    const hanko = await this.hankos.named(tenant, 'HankoProfile.logout().tenant');
    const url = urlOf(hanko, '/logout');
    // Also one that is over here: an earlier call may not have reached the store, or Hanko.
    const { sessionId, expiresAt, tenantId } = await this.auth.verifyAlone(token, hanko);
    // Each is told though the other one does not reply.
    const outcomes = await Promise.allSettled([
      this.revocation.endSession(sessionId, expiresAt.getTime(), tenantId),
      this.logoutAtHanko(url, token),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  private async logoutAtHanko(url: string, token: string): Promise<void> {
    const reply = await this.call('POST', url, token);
    const { status } = reply;
    if (status !== 204 && status !== 200 && !saysNobody(reply)) {
      throw unavailable(`status ${status}`);
    }
  }

  private async call(method: HttpMethod, url: string, token: string): Promise<HttpReply> {
    const { fetch, validateTimeoutMs: timeoutMs } = this.options;
    const bounds = { fetch, timeoutMs, maxBytes: MAX_REPLY_BYTES, signal: this.closing.signal };
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(method === 'POST' && { 'content-length': '0' }),
    };
    const request = { method, headers, body: undefined, statuses: null, isRepeatable: true };
    try {
      return await exchangeWithin(url, bounds, request, (reply) => reply);
    } catch (failure) {
      throw unavailable((failure as FetchFailure).message);
    }
  }
}

/** @throws HankoConfigurationError where there is no address. */
function urlOf({ options: { apiUrl } }: Hanko, path: string): string {
  if (apiUrl === null) throw noAddress();
  return apiUrl + path;
}

/**
 * Whether Hanko knows no such session, or no such user any more. It says so in JSON; a page of a gateway that refuses the route,
 * or of a wrong address, must sign nobody out.
 */
function saysNobody({ status, text }: HttpReply): boolean {
  if (status !== 401 && status !== 404) return false;
  const json = attemptJson(text);
  return isObject(json) && json.code === status;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (failure) {
    throw unavailable((failure as FetchFailure).message);
  }
}

function attemptJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unavailable = (reason: string): HankoUnavailableError =>
  new HankoUnavailableError(`Hanko did not answer for the user: ${reason}`, 1);

const noAddress = (): HankoConfigurationError =>
  new HankoConfigurationError([
    { path: 'HankoProfile', hint: 'needs apiUrl or HANKO_API_URL, because it calls Hanko.' },
  ]);
