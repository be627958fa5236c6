import type { ModulesContainer } from '@nestjs/core';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';

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
}

/** Without HankoModule nobody must know. */
export const NOBODY: EndedSessions = {
  isHeard: false,
  endSession: async () => undefined,
  endUser: async () => undefined,
};

/**
 * Tells the app's `HankoRevocation`. It is looked up at each call among all modules, as Nest injects it only where
 * HankoModule is global or imported.
 */
export class EndedInApp implements EndedSessions {
  constructor(private readonly modules: ModulesContainer) {}

  get isHeard(): boolean {
    return this.find() !== undefined;
  }

  async endSession(sessionId: string, expiresAt?: Date): Promise<void> {
    await this.find()?.endSession(sessionId, expiresAt?.getTime());
  }

  async endUser(userId: string): Promise<void> {
    await this.find()?.revokeUser(userId);
  }

  /** @throws HankoConfigurationError while the app is being put together: to tell nobody would leave sessions open. */
  private find(): HankoRevocation | undefined {
    for (const { providers } of this.modules.values()) {
      const provider = providers.get(HankoRevocation);
      if (provider === undefined) continue;
      const revocation: unknown = provider.instance;
      if (isReady(revocation)) return revocation;
      throw new HankoConfigurationError([
        {
          path: 'HankoAdmin',
          hint: 'was to end sessions before HankoModule was ready. Do it in onModuleInit() or later, not in a constructor or a factory.',
        },
      ]);
    }
    return undefined;
  }
}

/** Before Nest has constructed it, there is nothing, or an object with the prototype alone. In tests it may be another one. */
const isReady = (revocation: unknown): revocation is HankoRevocation =>
  revocation instanceof HankoRevocation
    ? Object.hasOwn(revocation, 'revoked$')
    : revocation != null;
