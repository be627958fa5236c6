import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { readTenantId } from '../options/tenant-id.js';
import type { HankoUser } from '../user/hanko-user.js';
import { isDate, isFunction, isObject, isText, kindOf } from '../util/value-checks.js';

/**
 * The members of a {@link HankoUser} that tell when its session ends. A job that was queued as JSON has these four, and makes
 * its dates again. In an app with tenants it also has `tenantId`.
 */
export type LiveUser = Pick<HankoUser, 'id' | 'sessionId' | 'authenticatedAt' | 'expiresAt'> & {
  readonly tenantId?: string | undefined;
};

/**
 * @param hasTenants whether the user must have one.
 * @throws TypeError
 */
export function checkUser(method: string, user: unknown, hasTenants: boolean): void {
  const written = isObject(user) ? user : {};
  if (
    hasTenants &&
    (!isText(written.tenantId) || readTenantId(written.tenantId) !== written.tenantId)
  )
    throw wrong(method, 'tenantId', 'the id of a tenant, UUIDs in lower case');
  if (!hasTenants && written.tenantId !== undefined)
    throw wrong(method, 'tenantId', 'absent: the app has no option tenants');
  for (const name of ['id', 'sessionId']) {
    if (!isText(written[name])) throw wrong(method, name, 'a text');
  }
  for (const name of ['authenticatedAt', 'expiresAt']) {
    if (!isDate(written[name]))
      throw wrong(method, name, 'a valid Date. JSON makes a text of one: new Date(text)');
  }
}

const wrong = (method: string, name: string, what: string): TypeError =>
  new TypeError(
    `${method} takes a HankoUser, as authenticate() returns it: "${name}" must be ${what}.`,
  );

/** @throws HankoConfigurationError */
export function checkConnection(connection: unknown): void {
  const { key, end, onClose } = isObject(connection) ? connection : ({} as Record<string, unknown>);
  if (Object(key) === key && isFunction(end) && isFunction(onClose)) return;
  throw new HankoConfigurationError([
    {
      path: 'HankoLiveSessions.watch()',
      hint: `takes a connection { key, end(error), onClose(listener) }, whose key is an object; got ${kindOf(connection)}.`,
    },
  ]);
}
