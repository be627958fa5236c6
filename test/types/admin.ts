// Compiled by `npm run types`, never run: what must compile, and what must not.
import {
  HankoAdmin,
  HankoAdminError,
  type HankoAdminListedUser,
  HankoAdminModule,
  type HankoAdminUser,
  type HankoNewUser,
  type HankoUserFilter,
} from 'nestjs-hanko/admin';

export const modules = [
  HankoAdminModule.forRoot(),
  HankoAdminModule.forRoot({ url: 'http://hanko:8001', isGlobal: false }),
  HankoAdminModule.forRootAsync({ useFactory: () => ({ apiKey: 'x' }) }),
  // @ts-expect-error: it is called apiKey
  HankoAdminModule.forRoot({ key: 'x' }),
  // @ts-expect-error: a unit is part of the name
  HankoAdminModule.forRoot({ timeout: 5 }),
];

export const newUsers: readonly HankoNewUser[] = [
  { username: 'ada' },
  { emails: [{ address: 'a@b.example', isPrimary: true, isVerified: false }] },
  { username: 'ada', emails: [], id: '…', createdAt: new Date() },
  // @ts-expect-error: neither address nor user name
  { id: '…' },
  // @ts-expect-error: whether it is verified must be said
  { emails: [{ address: 'a@b.example', isPrimary: true }] },
  // @ts-expect-error: no password: passwords.create()
  { username: 'ada', password: 'x' },
  // @ts-expect-error: names as in TypeScript
  { username: 'ada', created_at: new Date() },
  // @ts-expect-error: a Date
  { username: 'ada', createdAt: '2026-01-01' },
];

export const filters: readonly HankoUserFilter[] = [
  {},
  { emailContains: 'a', ids: ['…'], sort: 'asc', perPage: 5 },
  { usernameContains: 'a' },
  // @ts-expect-error: Hanko would join them by "or"
  { emailContains: 'a', usernameContains: 'b' },
  // @ts-expect-error: a filter finds parts, and says so
  { email: 'a@b.example' },
  // @ts-expect-error: no order
  { sort: 'up' },
];

export async function use(admin: HankoAdmin): Promise<unknown> {
  const user: HankoAdminUser = await admin.users.get('…');
  const maybe = await admin.users.findByEmail('…');
  // @ts-expect-error: there may be nobody
  void maybe.id;
  for await (const listed of admin.users.list()) {
    void listed.emails;
    // @ts-expect-error: lists have no metadata
    void listed.metadata;
    // @ts-expect-error: nor identities
    void listed.identities;
  }
  // @ts-expect-error: a list is no array
  void admin.users.list().length;
  const { items, total } = await admin.users.list().page(2);
  const first: HankoAdminListedUser | undefined = items[0];
  // @ts-expect-error: what was read does not change
  items.push(first);
  // @ts-expect-error: a user of a list lacks much
  const whole: HankoAdminUser = first;
  const anything: unknown = user.metadata.publicMetadata['anything'];
  // @ts-expect-error: it is unknown until it is declared
  const text: string = user.metadata.publicMetadata['anything'];

  await admin.users.update('…', { name: null, picture: 'https://x.example' });
  // @ts-expect-error: an address is no member of a user
  await admin.users.update('…', { email: 'a@b.example' });
  // @ts-expect-error: a session has a user and an id
  await admin.sessions.revoke('…');
  // @ts-expect-error: an object, and not an id
  await admin.sessions.create('…');
  // @ts-expect-error: all of it is replaced
  await admin.webhooks.update('…', { callback: 'https://x.example', events: ['user'] });
  // @ts-expect-error: the first one becomes primary by itself; then setPrimary()
  await admin.emails.create('…', { address: 'a@b.example', isPrimary: true });
  return [total, whole, anything, text];
}

export function errors(error: unknown): number {
  if (!(error instanceof HankoAdminError)) return 0;
  // @ts-expect-error: it is no HttpException
  void error.getStatus();
  switch (error.code) {
    case 'not_found':
    case 'conflict':
    case 'invalid':
    case 'unauthorized':
    case 'unexpected':
    case 'metadata_invalid':
      return error.status ?? 0;
    case 'limited':
    case 'unavailable':
      return error.retryAfterSeconds ?? 1;
  }
}
