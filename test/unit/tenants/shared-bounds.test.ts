import { describe, expect, it } from 'vitest';
import { TenantParts } from '../../../lib/tenants/tenant-parts.js';
import { SharedBudget } from '../../../lib/util/shared-budget.js';
import {
  ACME,
  acme,
  GLOBEX,
  globex,
  makeHankos,
  userAt,
  useTenantHankos,
} from '../../support/tenants.js';

useTenantHankos();

/** What all tenants together take, by the members that are counted. */
const membersOf = (parts: TenantParts): number =>
  Object.values(parts)
    .flatMap((part: unknown) =>
      part instanceof SharedBudget ? [part] : Object.values(Object(part) as object),
    )
    .filter((budget) => budget instanceof SharedBudget)
    .reduce(
      (count, budget) => count + (budget as unknown as { loads: Map<unknown, number> }).loads.size,
      0,
    );

describe('the bounds that tenants share', () => {
  it('count no tenant that is not in memory any more, also if it was busy when it went', async () => {
    const { hankos } = makeHankos({ max: 1 });
    const { parts } = hankos as unknown as { readonly parts: TenantParts };
    const tokens = { [ACME]: await acme.token(), [GLOBEX]: await globex.token() };
    const ids = [ACME, GLOBEX] as const;
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        userAt(hankos, ids[n % 2] ?? ACME, tokens[ids[n % 2] ?? ACME] ?? ''),
      ),
    );
    for (let n = 0; n < 6; n += 1) {
      const id = ids[n % 2] ?? ACME;
      // oxlint-disable-next-line no-await-in-loop -- one evicts the other
      await userAt(hankos, id, tokens[id] ?? '');
    }
    // Entries and bytes of the one that is there.
    expect(membersOf(parts)).toBe(2);
    expect(hankos.all()).toHaveLength(1);
  });

  it('let a tenant with few sessions keep them, however many another one has', async () => {
    const { hankos } = makeHankos({}, { signatureCache: { maxEntries: 20 } });
    const own = [await acme.token(), await acme.token()];
    for (const token of own) await userAt(hankos, ACME, token);
    for (let n = 0; n < 60; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await userAt(hankos, GLOBEX, await globex.token());
    }
    const found = hankos.known(ACME);
    for (const token of own) {
      expect(found?.verifier.verify(token, found)).not.toBeInstanceOf(Promise);
    }
  });
});
