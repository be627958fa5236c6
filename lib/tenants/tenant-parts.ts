import { Injectable } from '@nestjs/common';
import { RemoteJwks } from '../jwks/remote-jwks.js';
import type { JwksTenant } from '../jwks/remote-jwks-settings.js';

import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { SessionLiveness } from '../session/session-liveness.js';
import { SharedBudget } from '../util/shared-budget.js';
import type { SharedBounds } from '../verification/signature-cache.js';
import { SessionTokenVerifier } from '../verification/session-token.verifier.js';
import { jwksSettings } from './jwks-settings.js';

/** Verdicts on sessions that all tenants together may remember. */
const MAX_VERDICTS = 100_000;

/**
 * Makes what each tenant has of its own. All of it together has the bounds that one Hanko has, and whoever takes most gives
 * up first. `HankoStub` replaces it.
 */
@Injectable()
export class TenantParts {
  private readonly verdicts = new SharedBudget(MAX_VERDICTS);
  private signatures: SharedBounds | undefined;

  jwks(options: ResolvedHankoOptions, tenant: JwksTenant): RemoteJwks {
    return new RemoteJwks({ ...jwksSettings(options), tenant });
  }

  verifier(options: ResolvedHankoOptions): SessionTokenVerifier {
    const { maxEntries, maxBytes } = options.signatureCache;
    this.signatures ??= {
      entries: new SharedBudget(maxEntries),
      bytes: new SharedBudget(maxBytes),
    };
    return new SessionTokenVerifier(options, this.signatures);
  }

  liveness(options: ResolvedHankoOptions, tenantId: string): SessionLiveness {
    return new SessionLiveness(options, MAX_VERDICTS, this.verdicts, tenantId);
  }
}
