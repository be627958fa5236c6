import { HTML } from './html.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';
import type { Route, RouteResponse } from '../server/route.js';
import type { MailBox } from '../store/mail-box.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';

/** Where the page's own files are; no route of Hanko begins so. */
const FOLDER = '/fake-hanko';

/** Nothing of another origin, no frame around it, and nothing in it that is not a file of its own. */
const SAFE = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** What the page shows. */
export interface Shown {
  readonly store: UsersAndSessions;
  readonly mailBox: MailBox;
  /** Address of the public API. */
  readonly url: string;
  /** What the paths of the Admin API begin with. */
  readonly prefix: string;
}

/** A page on the port of the Admin API, in the manner of a mail catcher: users, sessions, mails. */
export function pageRoutes(shown: () => Shown): readonly Route[] {
  const file = (path: string, type: string, text: string): Route => ({
    method: 'GET',
    path,
    handle: () => ({
      status: 200,
      text,
      headers: { ...SAFE, 'content-type': `${type}; charset=utf-8` },
    }),
  });
  return [
    file('/', 'text/html', HTML),
    file(`${FOLDER}/script.js`, 'text/javascript', SCRIPT),
    file(`${FOLDER}/style.css`, 'text/css', STYLE),
    { method: 'GET', path: `${FOLDER}/state`, handle: () => stateOf(shown()) },
  ];
}

function stateOf({ store, mailBox, url, prefix }: Shown): RouteResponse {
  const users = store.allUsers().slice(0, 100);
  return {
    status: 200,
    headers: SAFE,
    body: {
      url,
      prefix,
      users: users.map((user) => {
        const { passwordHash, totp } = store.credentialsOf(user.id);
        const keys = store.keysOf(user.id);
        return {
          id: user.id,
          names: [
            ...(user.emails ?? []).map(({ address }) => address),
            ...(user.username ? [user.username.username] : []),
          ],
          means: [
            ...(passwordHash === undefined ? [] : ['password']),
            ...(keys.some((key) => !key.mfa_only) ? ['passkey'] : []),
            ...(keys.some((key) => key.mfa_only) ? ['security key'] : []),
            ...(totp === undefined ? [] : ['authenticator app']),
          ],
          sessions: store
            .sessionsOf(user.id)
            .toReversed()
            .map(({ id, created_at, last_used, user_agent }) => ({
              id,
              created_at,
              last_used,
              user_agent,
            })),
        };
      }),
      mails: mailBox.mails,
    },
  };
}
