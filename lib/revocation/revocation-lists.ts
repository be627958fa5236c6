import { Logger } from '@nestjs/common';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { printable } from '../util/printable.js';
import { RevocationList } from './revocation-list.js';
import type { HankoRevoked } from './revoked.js';
import type { RevocationEntry } from './store-entries.js';

/** Entries of one tenant. A tenant with a server of its own can sign as many as it likes. */
const MAX_OF_TENANT = 100_000;

/** Empty lists are removed after so many new ones. */
const SWEEP_EVERY = 1_000;

/** One list for each tenant; one alone in an app without tenants. They outlive the tenant's place in memory. */
export class RevocationLists {
  private readonly logger = new Logger('HankoRevocation');
  private readonly lists = new Map<string | undefined, RevocationList>();
  private made = 0;

  constructor(
    private readonly options: Pick<
      ResolvedHankoOptions,
      'now' | 'revocation' | 'clockToleranceSeconds'
    >,
  ) {}

  /** Entries of all together. */
  get size(): number {
    let size = 0;
    for (const list of this.lists.values()) size += list.size;
    return size;
  }

  /** Undefined if nothing of the tenant was revoked. */
  find(tenantId: string | undefined): RevocationList | undefined {
    return this.lists.get(tenantId);
  }

  /** @returns what is to be told; null if it was known. */
  add(entry: RevocationEntry): HankoRevoked | null {
    const { kind, tenantId, until } = entry;
    const list = this.findOrMake(tenantId);
    const ofTenant = tenantId === undefined ? {} : { tenantId };
    if (kind === 'session') {
      const { sessionId } = entry;
      return list.addSession(sessionId, until) ? { kind, ...ofTenant, sessionId } : null;
    }
    const { userId, issuedUpTo } = entry;
    return list.addUser(userId, issuedUpTo, until)
      ? { kind, ...ofTenant, userId, issuedUpTo: new Date(issuedUpTo) }
      : null;
  }

  private findOrMake(tenantId: string | undefined): RevocationList {
    const known = this.lists.get(tenantId);
    if (known !== undefined) return known;
    const list = new RevocationList(this.options.now, this.boundOf(tenantId));
    this.lists.set(tenantId, list);
    this.sweep();
    return list;
  }

  private boundOf(tenantId: string | undefined): ConstructorParameters<typeof RevocationList>[1] {
    if (tenantId === undefined) return undefined;
    return {
      maxEntries: MAX_OF_TENANT,
      longestMs: this.options.revocation.maxSessionLifetimeSeconds * 1000,
      toleranceMs: this.options.clockToleranceSeconds * 1000,
      onFull: () =>
        this.logger.error(
          `Tenant "${printable(tenantId)}" has more than ${MAX_OF_TENANT} revocations: all its sessions have ended, and its users must sign in again.`,
        ),
    };
  }

  private sweep(): void {
    this.made += 1;
    if (this.made % SWEEP_EVERY !== 0) return;
    for (const [tenantId, list] of this.lists) {
      list.removeExpired();
      if (list.size === 0) this.lists.delete(tenantId);
    }
  }
}
