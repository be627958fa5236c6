import { bind } from './binding.js';
import { isAddress } from './admin-users.js';
import type { AdminServices } from './admin-services.js';
import { field, type Fields } from '../server/json-body.js';
import { Problem, type Route } from '../server/route.js';
import type { FakeEmail, FakeUser } from '../store/records.js';

const LIST = { UserId: 'uuid' } as const;
const ONE = { ...LIST, EmailId: 'uuid4' } as const;

/** Addresses of a user (hanko backend/handler/email_admin.go). */
export function emailRoutes({ store, view, settings }: AdminServices): readonly Route[] {
  /** @throws Problem 404 */
  const find = (
    { UserId = '', EmailId = '' }: Readonly<Record<string, string>>,
    message?: string,
  ) => {
    const user = store.user(UserId);
    if (user === undefined) throw new Problem(404, `user with id '${UserId}' was not found`);
    const email = user.emails?.find(({ id }) => id === EmailId.toLowerCase());
    if (email === undefined) {
      throw new Problem(404, message ?? `email with id '${EmailId}' was not found`);
    }
    return { user, email };
  };
  const change = (
    user: FakeUser,
    emails: readonly FakeEmail[],
    event: 'delete' | 'primary',
  ): void => store.tell(`user.update.email.${event}`, view.of(store.setEmails(user, emails)));
  return [
    {
      method: 'GET',
      path: '/users/:userId/emails',
      handle: (request) => {
        const { ids } = bind(request, LIST);
        return { status: 200, body: store.user(ids.UserId ?? '')?.emails ?? [] };
      },
    },
    {
      method: 'POST',
      path: '/users/:userId/emails',
      handle: (request) => {
        const { ids, body } = bind(request, LIST, faultsOfNew);
        const user = store.user(ids.UserId ?? '');
        const { config } = settings;
        if ((user?.emails?.length ?? 0) >= config.email.limit) throw new Problem(409, 'Conflict');
        if (user === undefined) throw new Problem(404, 'Not Found');
        const address = String(body.address).toLowerCase();
        if (store.userByEmail(address) !== undefined) throw new Problem(400, 'Bad Request');
        const changed = store.addEmail(user, address, field(body, 'is_verified', 'bool') ?? false);
        store.tell('user.update.email.create', view.of(changed));
        // What Hanko answers was read before it made the first address the primary one.
        return { status: 201, body: { ...changed.emails?.at(-1), is_primary: false } };
      },
    },
    {
      method: 'GET',
      path: '/users/:userId/emails/:emailId',
      handle: (request) => ({ status: 200, body: find(bind(request, ONE).ids).email }),
    },
    {
      method: 'DELETE',
      path: '/users/:userId/emails/:emailId',
      handle: (request) => {
        const { user, email } = find(bind(request, ONE).ids);
        if (email.is_primary) throw new Problem(409, 'Conflict');
        change(user, user.emails?.filter((other) => other !== email) ?? [], 'delete');
        return { status: 204 };
      },
    },
    {
      method: 'POST',
      path: '/users/:userId/emails/:emailId/set_primary',
      handle: (request) => {
        const { user, email } = find(bind(request, ONE).ids, 'Not Found');
        const emails = (user.emails ?? []).map((one) => ({ ...one, is_primary: one === email }));
        if (!email.is_primary) change(user, emails, 'primary');
        return { status: 204 };
      },
    },
  ];
}

function faultsOfNew(body: Fields): readonly string[] {
  const address = field(body, 'address', 'string') ?? '';
  field(body, 'is_primary', 'bool');
  field(body, 'is_verified', 'bool');
  if (address === '') return ['address is a required field'];
  return isAddress(address) ? [] : ['address must be a valid email address'];
}
