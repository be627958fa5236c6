import type { HankoConfig } from '../config/schema.js';
import { linkAccount, ThirdPartyProblem } from '../flow/third-party/link-account.js';
import { PAGE_HEADERS, providerPage, strayPage } from '../flow/third-party/provider-page.js';
import { type Attempt, subjectOf, type ThirdParties } from '../flow/third-party/third-parties.js';
import { cookieValues } from '../server/cookies.js';
import type { Route, RouteRequest, RouteResponse } from '../server/route.js';
import { primaryEmail } from '../store/records.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';

const STATE_COOKIE = 'hanko_thirdparty_state';
const MAX_SHOWN = 20;

interface Services {
  readonly thirdParties: ThirdParties;
  readonly store: UsersAndSessions;
  readonly config: HankoConfig;
  readonly now: () => number;
}

/** The way back from a third party (hanko backend/handler/thirdparty.go), and the page that stands in for all of them. */
export const thirdPartyRoutes = (services: Services): readonly Route[] => [
  {
    method: 'GET',
    path: '/thirdparty/callback',
    handle: (request) => callBack(services, request),
  },
  {
    // Apple posts.
    method: 'POST',
    path: '/thirdparty/callback',
    handle: ({ body }) =>
      redirect(303, `/thirdparty/callback?${new URLSearchParams(body).toString()}`),
  },
  {
    method: 'GET',
    path: '/fake-provider/:provider',
    handle: ({ query, params }) => {
      const state = query.get('state') ?? '';
      const attempt = attemptAt(services, state, params.provider);
      if (attempt === undefined) return html(400, strayPage());
      const emails = services.store.allUsers().flatMap((user) => primaryEmail(user)?.address ?? []);
      return html(200, providerPage(attempt, state, emails.slice(0, MAX_SHOWN)));
    },
  },
  {
    method: 'POST',
    path: '/fake-provider/:provider',
    handle: ({ body, params, raw }) => {
      const fields = new URLSearchParams(body);
      const state = fields.get('state') ?? '';
      const attempt = attemptAt(services, state, params.provider);
      if (attempt === undefined) return html(400, strayPage());
      const base = (raw.url ?? '').split('/fake-provider/', 1)[0] ?? '';
      const answer = answerOf(services, attempt, state, fields);
      return redirect(303, `${base}/thirdparty/callback?${answer.toString()}`);
    },
  },
];

function attemptAt(
  { thirdParties }: Services,
  state: string,
  provider: string | undefined,
): Attempt | undefined {
  const attempt = thirdParties.attempt(state);
  return attempt?.provider.id === provider ? attempt : undefined;
}

/** What the third party sends back: a code, or why there is none (RFC 6749 §4.1.2). */
function answerOf(
  { thirdParties }: Services,
  { provider }: Attempt,
  state: string,
  fields: URLSearchParams,
): URLSearchParams {
  const email = (fields.get('email') ?? '').trim().toLowerCase();
  const error = fields.get('error');
  if (error !== null) {
    const isCancel = error === 'access_denied';
    return new URLSearchParams({
      state,
      error: isCancel ? 'access_denied' : 'server_error',
      error_description: isCancel ? 'The user has cancelled.' : 'The third party has failed.',
    });
  }
  const code = thirdParties.authorize(state, {
    subject: subjectOf(provider, email),
    email,
    isEmailVerified: fields.get('verified') === 'on',
    name: (fields.get('name') ?? '').trim(),
  });
  return new URLSearchParams({ state, code });
}

function callBack(services: Services, { query, raw }: RouteRequest): RouteResponse {
  const { thirdParties, config } = services;
  let target = config.third_party.error_redirect_url;
  try {
    const state = query.get('state') ?? '';
    if (state === '') throw invalid('State is a required field');
    const attempt = thirdParties.attempt(state);
    if (attempt === undefined) throw invalid('could not verify state');
    // Where the page keeps a secret of its own, the one-time token is good for nobody else.
    const isSameBrowser =
      attempt.codeVerifier !== '' || cookieValues(raw, STATE_COOKIE)[0] === state;
    if (!isSameBrowser) throw invalid('could not verify state');
    target = attempt.redirectTo;
    const error = query.get('error');
    if (error) throw new ThirdPartyProblem(error, query.get('error_description') ?? '');
    const person = thirdParties.redeem(state, query.get('code') ?? '');
    if (person === undefined) {
      throw invalid('could not exchange authorization code for access token');
    }
    const link = linkAccount(services, attempt, person);
    const token = thirdParties.issue({
      userId: link.user.id,
      identityId: link.identity.id,
      isUserNew: link.isUserNew,
      codeVerifier: attempt.codeVerifier,
    });
    const url = new URL(target);
    url.searchParams.append('hanko_token', token);
    return redirect(307, url.href, [cookieDeletion(config.session.cookie)]);
  } catch (problem) {
    const { code, message } =
      problem instanceof ThirdPartyProblem
        ? problem
        : { code: 'server_error', message: 'an internal error has occurred' };
    const description = code === 'server_error' ? 'an internal error has occurred' : message;
    // Nobody knows where the browser came from.
    if (target === '') return html(400, strayPage());
    // As Hanko, after a query too: then the page does not find it.
    const answer = new URLSearchParams({ error: code, error_description: description });
    return redirect(307, `${target}?${answer.toString()}`);
  }
}

const invalid = (description: string): ThirdPartyProblem =>
  new ThirdPartyProblem('invalid_request', description);

const cookieDeletion = (cookie: HankoConfig['session']['cookie']): string =>
  [
    `${STATE_COOKIE}=`,
    'Path=/',
    ...(cookie.domain ? [`Domain=${cookie.domain.replace(/^\./, '')}`] : []),
    'Max-Age=0',
    ...(cookie.http_only ? ['HttpOnly'] : []),
    ...(cookie.secure ? ['Secure'] : []),
    'SameSite=Lax',
  ].join('; ');

const html = (status: number, text: string): RouteResponse => ({
  status,
  text,
  headers: PAGE_HEADERS,
});

const redirect = (
  status: number,
  location: string,
  cookies: readonly string[] = [],
): RouteResponse => ({
  status,
  headers: { location, ...(cookies.length > 0 && { 'set-cookie': cookies }) },
});
