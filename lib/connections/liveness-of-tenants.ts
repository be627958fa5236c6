import type { Hankos } from '../tenants/hankos.js';
import { andThen } from '../util/maybe-promise.js';
import type { SessionAsker } from './live-session.js';

/** The liveness of a session is asked of its own tenant's Hanko. */
export const livenessIn = (hankos: Hankos): SessionAsker['liveness'] => ({
  check: (token, user, policy) =>
    andThen(hankos.named(user.tenantId, 'HankoLiveSessions'), ({ liveness }) =>
      liveness.check(token, user, policy),
    ),
  aliveAt: (tenantId, sessionId) => hankos.known(tenantId)?.liveness.aliveAt(sessionId) ?? null,
});
