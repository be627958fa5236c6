import type { HankoAdminSession, HankoAdminUser } from 'nestjs-hanko/admin';
import { logTable } from './audit-log';
import { badge, button, card, element, facts, heading, item, items, time } from './elements';
import { metadataForm } from './metadata';
import type { LogEntry, Page, Sent } from './view';

type User = Sent<HankoAdminUser>;
type Session = Sent<HankoAdminSession> & { sockets: number };
type Details = { user: User; sessions: readonly Session[]; activity: readonly LogEntry[] };

/** Everything that Hanko knows of a user, and what support does about it. */
export async function showUser(page: Page, id: string) {
  const path = `users/${encodeURIComponent(id)}`;
  const details = await page.call<Details>(path);
  if (!details) return;
  const { user, sessions, activity } = details;

  /** Does it, and shows the user as they are then. */
  async function change(what: string, method: string, text: string, json?: unknown) {
    const body = await page.call<{ ended?: number }>(path + what, method, json);
    if (!body) return;
    await showUser(page, id);
    page.tell(body.ended ? `${text} ${sessionsEnded(body.ended)}` : text);
  }
  const remove = (what: string, name: string) => {
    if (confirm(`Remove ${name}? The user cannot sign in with it any more.`)) {
      void change(what, 'DELETE', `Removed ${name}.`);
    }
  };

  page.show(
    heading(user.emails.find((email) => email.isPrimary)?.address ?? user.username ?? user.id),
    element(
      'div',
      { className: 'stack' },
      card('User', facts(factsOf(user))),
      card('Sign-in methods', methods(user, remove)),
      card('Activity', logTable(activity)),
    ),
    element(
      'div',
      { className: 'stack' },
      card('Sessions', ...sessionsOf(page, sessions, (what) => void change(what, 'DELETE', ''))),
      card(
        'Metadata',
        metadataForm(
          user.metadata,
          (changes) => void change('/metadata', 'PATCH', 'Saved.', changes),
        ),
      ),
    ),
  );
}

const sessionsEnded = (count: number) =>
  count === 1 ? 'One session has ended.' : `${count} sessions have ended.`;

const factsOf = (user: User) => ({
  Id: element('code', {}, user.id),
  ...(user.username && { 'User name': user.username }),
  ...(user.name && { Name: user.name }),
  Addresses: element(
    'ul',
    { className: 'plain' },
    ...user.emails.map(({ address, isPrimary, isVerified }) =>
      element(
        'li',
        {},
        address,
        isPrimary ? badge('primary') : '',
        isVerified ? '' : badge('not verified', false),
      ),
    ),
  ),
  Created: time(user.createdAt),
});

function methods(user: User, remove: (what: string, name: string) => void) {
  const { password, otp, credentials, identities } = user;
  const removal = (what: string, name: string) =>
    button('Remove', () => remove(what, name), `Remove ${name}`);
  const all = credentials.map(({ id, name = 'without a name', isMfaOnly, createdAt, lastUsedAt }) =>
    item(
      [`${isMfaOnly ? 'Security key' : 'Passkey'} ${name}`],
      lastUsedAt ? ['Last used ', time(lastUsedAt)] : ['Made ', time(createdAt)],
      removal(`/credentials/${encodeURIComponent(id)}`, `the passkey ${name}`),
    ),
  );
  if (password) all.push(item(['Password'], ['Changed ', time(password.updatedAt)]));
  if (otp) {
    const remover = removal('/otp', 'the authenticator app');
    all.push(item(['Authenticator app'], ['Set up ', time(otp.createdAt)], remover));
  }
  for (const { providerName } of identities) all.push(item([providerName], ['Linked']));
  return items(all, 'None: this user signs in with codes by mail.');
}

function sessionsOf(page: Page, sessions: readonly Session[], end: (what: string) => void) {
  const all = sessions.map((session) => {
    const { id, userAgent, ipAddress, lastUsedAt, expiresAt, sockets } = session;
    const browser = browserOf(userAgent);
    return item(
      [
        browser,
        page.isMine(id) ? badge('this page') : '',
        sockets > 0 ? badge(sockets === 1 ? 'online' : `online, ${sockets} tabs`) : '',
      ],
      [
        ipAddress ?? 'Unknown address',
        ', last used ',
        time(lastUsedAt),
        ', until ',
        time(expiresAt),
      ],
      button('End', () => end(`/sessions/${id}`), `End the session of ${browser}`),
    );
  });
  const endAll = button('End all', () => end('/sessions'), 'End all of their sessions');
  return [items(all, 'This user is not signed in anywhere.'), all.length > 1 ? endAll : ''];
}

/** Roughly. */
const browserOf = (userAgent = '') =>
  /Edg|Firefox|Chrome|Safari/.exec(userAgent)?.[0].replace('Edg', 'Edge') ??
  (userAgent.split(/[\s/]/, 1)[0] || 'Unknown browser');
