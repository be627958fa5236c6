import type { AdminServices } from './admin-services.js';
import { bind } from './binding.js';
import { field, type Fields } from '../server/json-body.js';
import { Problem, type Route, type RouteRequest, type RouteResponse } from '../server/route.js';
import { hashPassword } from '../store/passwords.js';
import type { FakeUser } from '../store/records.js';

const OWNER = { UserID: 'uuid' } as const;
const KEY = { ...OWNER, WebauthnCredentialID: 'text' } as const;

/** Passwords, authenticator apps, passkeys and security keys (hanko backend/handler: one file for each). */
export function credentialRoutes({ store, view }: AdminServices): readonly Route[] {
  const ownerOf = (id = ''): FakeUser => {
    const user = store.user(id);
    if (user === undefined) throw new Problem(404, 'Not Found');
    return user;
  };
  const passwordOf = (user: FakeUser): RouteResponse => {
    const body = view.passwordOf(user);
    if (body === undefined) throw new Problem(404, 'Not Found');
    return { status: 200, body };
  };
  const setPassword = (request: RouteRequest, isNew: boolean): RouteResponse => {
    const { ids, body } = bind(request, OWNER, faultsOfPassword);
    const user = ownerOf(ids.UserID);
    const isThere = view.passwordOf(user) !== undefined;
    if (isThere === isNew)
      throw isNew ? new Problem(409, 'Conflict') : new Problem(404, 'Not Found');
    const password = String(body.password);
    // Bcrypt takes no more, and nobody has checked.
    if (Buffer.byteLength(password) > 72) throw new Problem(500, 'Internal Server Error');
    store.setCredentials(user.id, { passwordHash: hashPassword(password) });
    return passwordOf(user);
  };
  const otpOf = ({ id }: FakeUser): object => {
    const { otp } = store.credentialsOf(id);
    if (otp === undefined) throw new Problem(404, 'Not Found');
    return otp;
  };
  const keyOf = (request: RouteRequest): { owner: FakeUser; id: string; key: unknown } => {
    const { ids } = bind(request, KEY);
    const owner = ownerOf(ids.UserID);
    const { WebauthnCredentialID: id = '' } = ids;
    const key = view.keysOf(owner).find((one) => (one as { id: string }).id === id);
    if (key === undefined) throw new Problem(404, 'webauthn credential not found');
    return { owner, id, key };
  };
  const password = '/users/:userId/password';
  const otp = '/users/:userId/otp';
  const keys = '/users/:userId/webauthn_credentials';
  return [
    {
      method: 'GET',
      path: password,
      handle: (request) => passwordOf(ownerOf(bind(request, OWNER).ids.UserID)),
    },
    { method: 'POST', path: password, handle: (request) => setPassword(request, true) },
    { method: 'PUT', path: password, handle: (request) => setPassword(request, false) },
    {
      method: 'DELETE',
      path: password,
      handle: (request) => {
        const user = ownerOf(bind(request, OWNER).ids.UserID);
        passwordOf(user);
        store.setCredentials(user.id, { passwordHash: undefined });
        return { status: 204 };
      },
    },
    {
      method: 'GET',
      path: otp,
      handle: (request) => ({ status: 200, body: otpOf(ownerOf(bind(request, OWNER).ids.UserID)) }),
    },
    {
      method: 'DELETE',
      path: otp,
      handle: (request) => {
        const user = ownerOf(bind(request, OWNER).ids.UserID);
        otpOf(user);
        store.setCredentials(user.id, { totp: undefined });
        return { status: 204 };
      },
    },
    {
      method: 'GET',
      path: keys,
      handle: (request) => ({
        status: 200,
        body: view.keysOf(ownerOf(bind(request, OWNER).ids.UserID)),
      }),
    },
    {
      method: 'GET',
      path: `${keys}/:credentialId`,
      handle: (request) => ({ status: 200, body: keyOf(request).key }),
    },
    {
      method: 'DELETE',
      path: `${keys}/:credentialId`,
      handle: (request) => {
        const { owner, id } = keyOf(request);
        store.deleteKey(owner.id, id);
        return { status: 204 };
      },
    },
  ];
}

const faultsOfPassword = (body: Fields): readonly string[] =>
  field(body, 'password', 'string') ? [] : ['password is a required field'];
