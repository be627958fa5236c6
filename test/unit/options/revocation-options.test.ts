import { describe, expect, it } from 'vitest';
import { apiUrl, faults, resolve } from '../../support/options.js';

describe('revocation.onUnavailable', () => {
  it.each(['reject', 'accept'])("is 'reject' unless written, with %s for Hanko", (module) => {
    const revocation = (written?: object): unknown =>
      resolve({ apiUrl, onUnavailable: module, ...(written && { revocation: written }) })
        .revocation;

    expect(revocation()).toMatchObject({ onUnavailable: 'reject' });
    expect(revocation({})).toMatchObject({ onUnavailable: 'reject' });
    expect(revocation({ onUnavailable: undefined })).toMatchObject({ onUnavailable: 'reject' });
    expect(revocation({ onUnavailable: 'accept' })).toMatchObject({ onUnavailable: 'accept' });
    expect(revocation({ onUnavailable: 'reject' })).toMatchObject({ onUnavailable: 'reject' });
  });

  it.each([null, true, 'Accept', '', 1, {}])('is nothing else: %j', (onUnavailable) => {
    expect(faults({ apiUrl, revocation: { onUnavailable } })).toEqual([
      { path: 'revocation.onUnavailable', hint: "must be 'reject' or 'accept'." },
    ]);
  });
});
