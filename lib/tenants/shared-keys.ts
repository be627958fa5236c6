import { printable } from '../util/printable.js';
import type { Hanko } from './hanko.js';

/** Pairs that were told: each is told once. */
const MAX_TOLD = 100;

/**
 * Finds tenants that publish the same key: if they accept the same audience and issuer, too, nothing in a token tells them
 * apart. Hankos that sign with one key of a key management service are like that.
 */
export class SharedKeys {
  /** Who publishes a key, by its modulus. */
  private readonly owners = new Map<string, Set<Hanko>>();
  private readonly moduli = new WeakMap<Hanko, readonly string[]>();
  private readonly told = new Set<string>();

  constructor(private readonly warn: (line: string) => void) {}

  /** Notes what a tenant publishes now. */
  published(hanko: Hanko, moduli: readonly string[]): void {
    this.forget(hanko);
    for (const modulus of moduli) {
      const owners = this.owners.get(modulus) ?? new Set();
      for (const other of owners) this.compare(other, hanko);
      this.owners.set(modulus, owners.add(hanko));
    }
    this.moduli.set(hanko, moduli);
  }

  /** It is in memory no more. */
  forget(hanko: Hanko): void {
    for (const modulus of this.moduli.get(hanko) ?? []) {
      const owners = this.owners.get(modulus);
      owners?.delete(hanko);
      if (owners?.size === 0) this.owners.delete(modulus);
    }
  }

  private compare(a: Hanko, b: Hanko): void {
    if (a.tenantId === b.tenantId || !acceptTheSame(a, b)) return;
    const names = [a, b].map(({ tenantId = '' }) => `"${printable(tenantId)}"`).toSorted();
    const pair = names.join(' and ');
    if (this.told.has(pair) || this.told.size >= MAX_TOLD) return;
    this.told.add(pair);
    this.warn(
      `Tenants ${pair} publish the same key, and accept the same audience and issuer: if it signs for both, a token of one ` +
        'is valid at the other. Let tenants.trust() return an audience of its own for each, or ask Hanko by session: ' +
        "'online' if they have different addresses.",
    );
  }
}

/** Whether one token can meet what both check. */
const acceptTheSame = (a: Hanko, b: Hanko): boolean =>
  (a.issuer === null || b.issuer === null || a.issuer === b.issuer) &&
  (a.audience === null ||
    b.audience === null ||
    a.audience.some((audience) => b.audience?.includes(audience)));
