import type { ModulesContainer } from '@nestjs/core';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import { isUuid } from '../util/value-checks.js';

/**
 * Who must know that sessions have ended, before a call of the Admin API resolves. In an app with HankoModule that is
 * `HankoRevocation`, its store included.
 */
export interface EndedSessions {
  /** Whether there is somebody to tell. */
  readonly isHeard: boolean;
  /** @param expiresAt when its token expires; undefined if that is not known. */
  endSession(sessionId: string, expiresAt?: Date): Promise<void>;
  /** All sessions of a user that began up to now. */
  endUser(userId: string): Promise<void>;
  /** Whoever must know of sessions of one tenant. */
  ofTenant(tenantId: string): EndedSessions;
}

/** Without HankoModule nobody must know. */
export const NOBODY: EndedSessions = {
  isHeard: false,
  endSession: async () => undefined,
  endUser: async () => undefined,
  ofTenant: () => NOBODY,
};

/**
 * Tells the app's `HankoRevocation`. It is looked up at each call among all modules, as Nest injects it only where
 * HankoModule is global or imported.
 */
export class EndedInApp implements EndedSessions {
  /** @param tenantId whose sessions they are; undefined: those of the app's only Hanko. */
  constructor(
    private readonly modules: ModulesContainer,
    private readonly tenantId?: string,
  ) {}

  get isHeard(): boolean {
    return this.find() !== undefined;
  }

  ofTenant(tenantId: string): EndedSessions {
    return new EndedInApp(this.modules, tenantId);
  }

  async endSession(sessionId: string, expiresAt?: Date): Promise<void> {
    await this.find()?.endSession(sessionId, expiresAt?.getTime());
  }

  async endUser(userId: string): Promise<void> {
    await this.find()?.revokeUser(userId);
  }

  /** @throws HankoConfigurationError while the app is being put together: to tell nobody would leave sessions open. */
  private find(): Ender | undefined {
    for (const { providers } of this.modules.values()) {
      const provider = providers.get(HankoRevocation);
      if (provider === undefined) continue;
      const revocation: unknown = provider.instance;
      if (!isReady(revocation)) {
        throw misplaced(
          'was to end sessions before HankoModule was ready. Do it in onModuleInit() or later, not in a constructor or a factory.',
        );
      }
      const options = providers.get(HANKO_OPTIONS)?.instance as ResolvedHankoOptions | undefined;
      return this.enderIn(revocation, options);
    }
    return undefined;
  }

  /** @throws HankoConfigurationError if it cannot be told whose sessions they are. */
  private enderIn(
    revocation: HankoRevocation,
    options: ResolvedHankoOptions | undefined,
  ): Ender | undefined {
    const { tenantId } = this;
    const hasTenants = options?.tenants != null;
    if (!hasTenants) return isOfAnother(options, tenantId) ? undefined : revocation;
    if (tenantId !== undefined) {
      const tenant = revocation.tenant(tenantId);
      return {
        endSession: (id, expiresAt) => revocation.endSession(id, expiresAt, tenantId),
        revokeUser: (id) => tenant.revokeUser(id),
      };
    }
    throw misplaced(
      'does not know whose sessions to end, as the app has the option tenants: write admin.tenant(user.tenantId) before it.',
    );
  }
}

/** Ends sessions, as `HankoRevocation` does. */
interface Ender {
  endSession(sessionId: string, expiresAt?: number): Promise<void>;
  revokeUser(userId: string): Promise<void>;
}

/**
 * Whether the app's only Hanko certainly is not this tenant: its address ends with the id of another one. Behind an address of
 * its own it may be this one, and then its sessions must not stay open.
 */
function isOfAnother(
  options: ResolvedHankoOptions | undefined,
  tenantId: string | undefined,
): boolean {
  const last = options?.apiUrl?.split('/').at(-1)?.toLowerCase();
  return tenantId !== undefined && isUuid(last) && last !== tenantId;
}

const misplaced = (hint: string): HankoConfigurationError =>
  new HankoConfigurationError([{ path: 'HankoAdmin', hint }]);

/** Before Nest has constructed it, there is nothing, or an object with the prototype alone. In tests it may be another one. */
const isReady = (revocation: unknown): revocation is HankoRevocation =>
  revocation instanceof HankoRevocation
    ? Object.hasOwn(revocation, 'revoked$')
    : revocation != null;
