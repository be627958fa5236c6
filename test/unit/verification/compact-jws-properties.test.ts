import * as fc from 'fast-check';
import { HankoTokenError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { decodeUnverifiedJws } from '../../../lib/verification/compact-jws.js';
import {
  useFixedSeed,
  anyText,
  expectAtLeast,
  Tally,
  outcomeOf,
  anyJson,
} from '../../support/properties.js';

useFixedSeed();

describe('any text that is said to be a token', () => {
  const MAX = 4_096;
  const decode = (token: unknown) =>
    outcomeOf(() => decodeUnverifiedJws(token, MAX), HankoTokenError);
  const encode = (content: string | Uint8Array): string =>
    Buffer.from(content).toString('base64url');
  const decoded = (part: string): string => Buffer.from(part, 'base64url').toString();

  const kid = anyText({ minLength: 1, maxLength: 9 });
  const members = fc.dictionary(fc.string({ maxLength: 4 }), anyJson, { maxKeys: 3 });
  const good = fc
    .record({
      header: fc.tuple(members, kid).map(([others, id]) => {
        const { crit: _, ...known } = others;
        return { ...known, alg: 'RS256', kid: id };
      }),
      payload: members,
      signature: fc.uint8Array({ minLength: 1, maxLength: 12 }),
    })
    .map((made) => ({
      ...made,
      token: [JSON.stringify(made.header), JSON.stringify(made.payload), made.signature]
        .map(encode)
        .join('.'),
    }));

  /** Whatever was accepted is the one text of what it says, and says it in the right places. */
  const expectCanonical = (token: unknown, accepted: ReturnType<typeof decodeUnverifiedJws>) => {
    const parts = (token as string).split('.');
    const [header = '', payload = '', signature = ''] = parts;
    expect(parts.map((part) => encode(Buffer.from(part, 'base64url')))).toEqual(parts);
    expect([encode(decoded(header)), encode(decoded(payload))]).toEqual([header, payload]);
    expect([parts.length, signature !== '']).toEqual([3, true]);
    expect(JSON.parse(decoded(header))).toMatchObject({ alg: 'RS256', kid: accepted.kid });
    expect(JSON.parse(decoded(header))).not.toHaveProperty('crit');
    expect(accepted.kid).not.toBe('');
    expect(accepted.payload).toEqual(JSON.parse(decoded(payload)));
    expect((token as string).length).toBeLessThanOrEqual(MAX);
  };

  it('is taken apart if it is well formed', () => {
    fc.assert(
      fc.property(good, ({ token, header, payload }) => {
        expect(decodeUnverifiedJws(token, token.length)).toEqual({ kid: header.kid, payload });
        expect(() => decodeUnverifiedJws(token, token.length - 1)).toThrow(HankoTokenError);
      }),
    );
  });

  const B64_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split(
    '',
  );
  const anyCharacter = fc.oneof(
    fc.constantFrom(...B64_CHARACTERS),
    fc.constantFrom('.', '=', '+', '/', ' ', '\n', '\t', '%', '\0', '\u00E9', '\uFEFF', '\u212A'),
  );

  /** One edit at one place; places at the ends of the parts come often. */
  const nearMiss = good.chain(({ token }) => {
    const ends = [...token.matchAll(/\.|$/g)].flatMap(({ index }) => [index - 1, index, index + 1]);
    const place = fc.oneof(
      fc.constantFrom(0, ...ends.filter((end) => end >= 0)),
      fc.nat({ max: token.length }),
    );
    return fc
      .tuple(place, anyCharacter, fc.constantFrom('replace', 'insert', 'delete', 'double', 'cut'))
      .map(([at, character, edit]) => {
        const [before, after] = [token.slice(0, at), token.slice(at)];
        if (edit === 'replace') return before + character + after.slice(1);
        if (edit === 'insert') return before + character + after;
        if (edit === 'delete') return before + after.slice(1);
        return edit === 'double' ? before + before + after : before;
      });
  });

  it('is accepted after one edit only as the one text of what it says', () => {
    const accepted = new Tally();
    const refused = new Tally();
    fc.assert(
      fc.property(nearMiss, (token) => {
        const outcome = decode(token);

        if ('value' in outcome) expectCanonical(token, outcome.value);
        ('value' in outcome ? accepted : refused).count += 1;
      }),
      { numRuns: 1_500 },
    );
    // An edit inside the signature makes another good form, which only the key refuses.
    expectAtLeast(50, accepted);
    expectAtLeast(500, refused);
  });

  it('is refused with another last character that decodes to the same bytes', () => {
    const twins = new Tally();
    fc.assert(
      fc.property(good, fc.nat({ max: 2 }), ({ token }, index) => {
        const parts = token.split('.');
        const part = parts[index] ?? '';
        const same = B64_CHARACTERS.map((character) => part.slice(0, -1) + character).filter(
          (twin) => twin !== part && encode(Buffer.from(twin, 'base64url')) === part,
        );
        twins.count += same.length;

        const accepted = same.filter(
          (twin) => 'value' in decode(parts.with(index, twin).join('.')),
        );
        expect(accepted).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expectAtLeast(500, twins);
  });

  it('throws nothing but HankoTokenError', () => {
    const json = fc.oneof(fc.json(), anyText());
    const part = fc.oneof(
      json.map(encode),
      fc.uint8Array().map(encode),
      fc.constantFrom('', encode('{"alg":"RS256","kid":"a"}'), encode('{}'), encode('null')),
    );
    const dotted = fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.'));
    const accepted = new Tally();
    fc.assert(
      fc.property(fc.oneof(dotted, anyText(), fc.anything()), (token) => {
        const outcome = decode(token);

        if (!('value' in outcome)) return;
        accepted.count += 1;
        expectCanonical(token, outcome.value);
      }),
      { numRuns: 1_500 },
    );
    expectAtLeast(1, accepted);
  });
});
