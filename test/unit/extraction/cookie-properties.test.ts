import cookieParser from 'cookie-parser';
import * as fc from 'fast-check';
import {
  bearerTokenExtractor,
  cookieTokenExtractor,
  type HankoClaims,
  HankoCredentialsError,
  HankoCrossSiteError,
  HankoTokenError,
  HankoUser,
  type IncomingRequest,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { nodeHeaders, nodeRequest } from '../../support/node-headers.js';
import { refuseCrossSite } from '../../../lib/extraction/cross-site.js';
import { parseJwkSet } from '../../../lib/jwks/jwk-set.js';
import { decodeUnverifiedJws } from '../../../lib/verification/compact-jws.js';
import type { ClaimsPolicy } from '../../../lib/verification/session-claims.js';
import { checkedClaims } from '../../support/claims.js';

// Fixed, so that a red run is red again. To look further: another seed and more runs.
fc.configureGlobal({ seed: 20_260_301, numRuns: 400 });

/** What `act` returned, or what it threw: nothing else than an error of these classes may be. */
function outcomeOf<T>(
  act: () => T,
  ...errors: readonly (abstract new (...args: never) => Error)[]
): { readonly value: T } | { readonly error: Error } {
  try {
    return { value: act() };
  } catch (error) {
    const expected = errors.find((type) => error instanceof type);
    if (expected === undefined) throw error;
    return { error: error as Error };
  }
}

/** A number that the values drawn must reach: a property that never gets to its point holds nothing. */
class Tally {
  count = 0;
}

const expectAtLeast = (count: number, ...tallies: readonly Tally[]): void => {
  expect(Math.min(...tallies.map((tally) => tally.count))).toBeGreaterThanOrEqual(count);
};

/** Any text, with lone surrogates; `unit: 'binary'` takes two seconds to set up. */
const anyText = (constraints: fc.StringConstraints = {}): fc.Arbitrary<string> =>
  fc.string({
    unit: fc
      .oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xff }), fc.nat({ max: 0xffff }))
      .map((code) => String.fromCharCode(code)),
    ...constraints,
  });

/** A field as the platforms show it: parsed and raw, the latter behind `raw` under Fastify, only parsed. */
const carried = (name: string, values: readonly string[]): fc.Arbitrary<IncomingRequest> =>
  fc.constantFrom<IncomingRequest>(
    {
      headers: values[0] === undefined ? {} : { [name]: values[0] },
      rawHeaders: values.flatMap((value) => [name.toUpperCase(), value]),
    },
    {
      headers: nodeHeaders(values.flatMap((value) => [name, value])),
      raw: { rawHeaders: values.flatMap((value) => [name, value]) },
    },
    { headers: { [name]: values } },
  );

/** Every byte that Node's parser lets into the value of a field, each as a character (RFC 9110 §5.5). */
const fieldText = (
  constraints: fc.StringConstraints = {},
  without = /[^\t\x20-\x7e\x80-\xff]/,
): fc.Arbitrary<string> =>
  fc.string({
    unit: fc
      .integer({ min: 9, max: 255 })
      .map((code) => String.fromCharCode(code))
      .filter((character) => !without.test(character)),
    ...constraints,
  });

/** JSON as a token or a key set may hold it, `__proto__` among the names as an own one. */
const anyJson = fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown);

describe('any Cookie header', () => {
  const tokensOf = (cookie: string | readonly string[], name: string): readonly string[] =>
    cookieTokenExtractor(name).extract({ headers: { cookie } })?.tokens ?? [];

  /** `cookie` 0.7, as Express apps use it: the first value of each name, unquoted, here undecoded. */
  const parsedBy = (cookie: string): Readonly<Record<string, unknown>> => {
    const request = { headers: { cookie } } as Parameters<ReturnType<typeof cookieParser>>[0];
    cookieParser(undefined, { decode: (value) => value })(request, {} as never, () => undefined);
    return request.cookies as Record<string, unknown>;
  };

  // RFC 6265 §5.2 knows two kinds of white space; the no-break space is tested by name below.
  const text = fieldText({ maxLength: 6 }, /[^\t\x20-\x7e\x80-\x9f\xa1-\xff]/);
  const name = fc.constantFrom('hanko', '__Host-hanko', '$a+b*', 'constructor', 'a b');
  const space = fc.constantFrom('', '', ' ', '\t', '  ', ' \t ');
  const value = fc.oneof(
    text,
    text.map((inner) => `"${inner}"`),
    fc.constantFrom('', '"', '""', '"""', 'a', 'b', 'c', 'd', '"a', 'a"', 'a=b', '%61', '"a" b'),
  );
  const header = name.chain((wanted) => {
    const other = fc.constantFrom('x', '', wanted.toUpperCase(), `${wanted}2`, wanted.slice(1));
    const pair = fc
      .tuple(
        space,
        fc.oneof(fc.constant(wanted), other, text),
        space,
        fc.constantFrom('=', '=', ''),
      )
      .chain((before) =>
        fc.tuple(space, value, space).map((rest) => [...before, ...rest].join('')),
      );
    const separator = fc.constantFrom(';', '; ', ' ;', ';;', ';\t', ',', '');
    return fc.record({
      name: fc.constant(wanted),
      cookie: fc
        .array(fc.tuple(fc.oneof({ weight: 4, arbitrary: pair }, text), separator), {
          maxLength: 9,
        })
        .map((pieces) => pieces.flat().join('')),
    });
  });

  it('gives at least the value that the cookie parser finds', () => {
    const found = new Tally();
    fc.assert(
      fc.property(header, ({ name: wanted, cookie }) => {
        const first = parsedBy(cookie)[wanted];
        // No token: an empty one, or what cookie-parser itself made of `j:…`.
        if (typeof first !== 'string' || first === '') return;
        found.count += 1;
        expect(tokensOf(cookie, wanted)).toContain(first);
      }),
    );
    expectAtLeast(100, found);
  });

  it('gives nothing where the cookie parser finds nothing', () => {
    const absent = new Tally();
    fc.assert(
      fc.property(header, ({ name: wanted, cookie }) => {
        if (Object.hasOwn(parsedBy(cookie), wanted)) return;
        absent.count += 1;
        expect(tokensOf(cookie, wanted)).toEqual([]);
      }),
    );
    expectAtLeast(50, absent);
  });

  it('gives different values, none empty, each as it stands in the header', () => {
    const full = new Tally();
    fc.assert(
      fc.property(header, ({ name: wanted, cookie }) => {
        const tokens = tokensOf(cookie, wanted);

        expect(tokens.length).toBeLessThanOrEqual(8);
        expect(new Set(tokens).size).toBe(tokens.length);
        expect(tokens.filter((token) => token === '' || !cookie.includes(token))).toEqual([]);
        if (tokens.length > 2) full.count += 1;
      }),
    );
    expectAtLeast(5, full);
  });

  it('is as good as its pieces in several fields', () => {
    fc.assert(
      fc.property(header, ({ name: wanted, cookie }) => {
        expect(tokensOf(cookie.split(';'), wanted)).toEqual(tokensOf(cookie, wanted));
      }),
    );
  });

  it('never makes the extractor throw, nor does what a cookie parser made', () => {
    fc.assert(
      fc.property(
        anyText(),
        fc.oneof(anyText(), fc.array(anyText(), { maxLength: 3 })),
        fc.anything({ maxDepth: 1 }),
        (wanted, cookie, cookies) => {
          const extractor = cookieTokenExtractor(wanted);

          expect(() => extractor.extract({ headers: { cookie }, cookies })).not.toThrow();
          expect(() => extractor.extract({ headers: {}, cookies })).not.toThrow();
        },
      ),
    );
  });
});

describe('any list of Authorization headers', () => {
  const bearer = bearerTokenExtractor();
  const text = fieldText({ maxLength: 12 });
  const token = fc.oneof(fc.constantFrom('a', 'b', '', 'a.b.c'), text);
  const scheme = fc.mixedCase(fc.constant('bearer'));
  const credentials = fc
    .tuple(scheme, fc.constantFrom(' ', '   ', '\t', '', ':', ','), token)
    .map((parts) => parts.join(''));
  // RFC 9110 §5.6.2
  const otherScheme = fc
    .oneof(
      fc.constantFrom('Basic', 'DPoP', 'Bearer2', 'XBearer', 'Bear', 'Bearer-x', 'bearer.'),
      fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,9}$/),
    )
    .filter((name) => name.toLowerCase() !== 'bearer');
  const otherCredentials = fc
    .tuple(otherScheme, fc.constantFrom('', ' ', '  '), fc.oneof(credentials, text))
    .filter(([, space, rest]) => space !== '' || rest === '')
    .map((parts) => parts.join(''));

  const request = (values: fc.Arbitrary<readonly string[]>) =>
    values.chain((fields) =>
      fc.record({ fields: fc.constant(fields), request: carried('authorization', fields) }),
    );

  it('gives a piece of one of them, or none, or one of two errors', () => {
    const seen: Record<string, Tally> = {
      token: new Tally(),
      none: new Tally(),
      credentials_ambiguous: new Tally(),
      token_malformed: new Tally(),
    };
    const fields = fc.array(fc.oneof(credentials, credentials, otherCredentials, text), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(request(fields), ({ fields: sent, request: received }) => {
        const outcome = outcomeOf(
          () => bearer.extract(received),
          HankoCredentialsError,
          HankoTokenError,
        );
        const code = 'error' in outcome ? (outcome.error as HankoTokenError).code : undefined;
        const credential = 'value' in outcome ? outcome.value : undefined;
        const found = credential?.tokens[0];

        expect(['credentials_ambiguous', 'token_malformed', undefined]).toContain(code);
        expect(credential).toEqual(credential && { tokens: [found], ambient: false });
        expect(found).not.toBe('');
        expect(found === undefined || sent.some((field) => field.includes(found))).toBe(true);
        (seen[code ?? (credential === undefined ? 'none' : 'token')] as Tally).count += 1;
      }),
    );
    expectAtLeast(10, ...Object.values(seen));
  });

  it('gives no token of another scheme', () => {
    fc.assert(
      fc.property(
        request(fc.array(otherCredentials, { maxLength: 4 })),
        ({ request: received }) => {
          expect(bearer.extract(received)).toBeUndefined();
        },
      ),
    );
  });

  it('gives the one bearer among other schemes', () => {
    const b64token = fc.stringMatching(/^[\w.~+/-]{1,20}=?$/);
    const others = fc.array(otherCredentials, { maxLength: 2 });
    const fields = fc.record({ before: others, scheme, token: b64token, after: others });
    fc.assert(
      fc.property(fields, ({ before, scheme: written, token: sent, after }) => {
        const rawHeaders = [...before, `${written} ${sent}`, ...after].flatMap((value) => [
          'Authorization',
          value,
        ]);

        expect(bearer.extract(nodeRequest(rawHeaders))?.tokens).toEqual([sent]);
      }),
    );
  });

  it('is ambiguous with two different bearers', () => {
    const b64token = fc.stringMatching(/^[\w.~+/-]{0,3}$/);
    fc.assert(
      fc.property(b64token, b64token, fc.array(otherCredentials), (one, two, others) => {
        fc.pre(one !== two);
        const rawHeaders = [`Bearer ${one}`, ...others, `bearer  ${two}`].flatMap((value) => [
          'authorization',
          value,
        ]);

        expect(() => bearer.extract(nodeRequest(rawHeaders))).toThrow(HankoCredentialsError);
      }),
    );
  });
});

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

const uuid = fc.oneof(fc.uuid(), fc.mixedCase(fc.uuid()));

describe('any claims', () => {
  const NOW = 1_772_366_400;
  const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
  const nearUuid = fc.oneof(
    fc.uuid().map((id) => `${id}\n`),
    fc.uuid().map((id) => ` ${id}`),
    fc.uuid().map((id) => `{${id}}`),
    fc.uuid().map((id) => id.replaceAll('-', '')),
    fc.uuid().map((id) => [id]),
    fc.constantFrom('hanko webhooks', ''),
  );
  const id = fc.oneof({ weight: 12, arbitrary: uuid }, nearUuid, anyJson);
  const date = (min: number, max: number): fc.Arbitrary<unknown> =>
    fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min, max }) },
      fc.integer({ min: NOW - 400, max: NOW + 400 }),
      fc.integer({ min, max }).map((seconds) => seconds + 0.5),
      fc.integer({ min, max }).map(String),
      fc.constantFrom(0, -1, 8.64e12, 8.64e12 + 1, 1e300, -1e300, 2 ** 53),
      anyJson,
    );
  const payload: fc.Arbitrary<Record<string, unknown>> = fc.record(
    {
      sub: id,
      session_id: id,
      iat: date(NOW - 90_000, NOW),
      exp: date(NOW, NOW + 90_000),
      nbf: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, date(NOW - 90_000, NOW)),
      aud: fc.oneof(fc.constantFrom('a', 'b', ['a'], ['b', 'c'], [], ['b', 1], undefined), anyJson),
      iss: fc.oneof(fc.constantFrom('i', 'j', undefined), anyJson),
      extra: anyJson,
    },
    { requiredKeys: ['sub', 'session_id', 'iat', 'exp'] },
  );
  const policy: fc.Arbitrary<ClaimsPolicy> = fc.record({
    audience: fc.constantFrom(null, null, ['a'], ['a', 'c']),
    issuer: fc.constantFrom(null, null, 'i'),
    clockToleranceSeconds: fc.nat({ max: 300 }),
    nowMs: fc.integer({ min: -999, max: 999 }).map((ms) => NOW * 1000 + ms),
  });

  it('that pass are those of a session, in time, for this service', () => {
    const passed = new Tally();
    const refused = new Tally();
    fc.assert(
      fc.property(payload, policy, (sent, held) => {
        const outcome = outcomeOf(() => checkedClaims(sent, held), HankoTokenError);

        if ('error' in outcome) {
          refused.count += 1;
          return;
        }
        passed.count += 1;
        const { sub, session_id, iat, exp, nbf, aud, iss } = outcome.value as HankoClaims & {
          nbf?: unknown;
        };
        const latest = held.nowMs + held.clockToleranceSeconds * 1000;
        expect(outcome.value).toBe(sent);
        expect([sub, session_id]).toEqual([
          expect.stringMatching(UUID),
          expect.stringMatching(UUID),
        ]);
        expect([sub.length, session_id.length]).toEqual([36, 36]);
        expect([exp, iat, nbf ?? 0].filter((seconds) => !Number.isSafeInteger(seconds))).toEqual(
          [],
        );
        expect((exp + held.clockToleranceSeconds) * 1000).toBeGreaterThan(held.nowMs);
        expect(iat * 1000).toBeLessThanOrEqual(latest);
        expect(((nbf ?? iat) as number) * 1000).toBeLessThanOrEqual(latest);
        expect([new Date(exp * 1000), new Date(iat * 1000)].map(Number)).not.toContain(Number.NaN);
        expect(iss).toBe(held.issuer ?? iss);
        const audiences = aud === undefined ? [] : [aud].flat();
        expect(audiences.filter((audience) => typeof audience !== 'string')).toEqual([]);
        const wanted = held.audience ?? audiences.slice(0, 1);
        expect(wanted.length === 0 || wanted.some((one) => audiences.includes(one))).toBe(true);
      }),
      { numRuns: 1_500 },
    );
    expectAtLeast(150, passed);
    expectAtLeast(300, refused);
  });

  it('of a session pass, whatever else is with them', () => {
    const others = fc.dictionary(fc.string(), anyJson);
    fc.assert(
      fc.property(others, uuid, uuid, fc.nat({ max: 9e9 }), (more, sub, session_id, iat) => {
        const { nbf: _, ...free } = more;
        const claims = { ...free, sub, session_id, iat, exp: iat + 1, aud: ['x', 'a'], iss: 'i' };
        const held = { audience: ['a'], issuer: 'i', clockToleranceSeconds: 0, nowMs: iat * 1000 };

        expect(checkedClaims(claims, held)).toBe(claims);
      }),
    );
  });

  it('are refused by nothing but HankoTokenError, of whatever names and kinds', () => {
    const object = fc.oneof(
      fc.dictionary(fc.string(), anyJson),
      fc.dictionary(
        fc.constantFrom('sub', 'session_id', 'iat', 'exp', 'nbf', 'aud', 'iss'),
        anyJson,
      ),
    );
    fc.assert(
      fc.property(object, policy, (sent, held) => {
        expect(() => checkedClaims(sent, held)).toThrow(HankoTokenError);
      }),
    );
  });

  const isDeeplyFrozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));

  it('make a user that is frozen with all that is in it', () => {
    const email = fc.record(
      { address: fc.oneof(fc.string(), anyJson), is_primary: anyJson, is_verified: anyJson },
      { requiredKeys: [] },
    );
    const amr = fc.array(fc.oneof({ weight: 9, arbitrary: fc.string() }, anyJson));
    const others = fc.dictionary(fc.string(), anyJson);
    const own = fc.record(
      { email: fc.oneof(email, anyJson), amr: fc.oneof(amr, anyJson), username: anyJson },
      { requiredKeys: [] },
    );
    const seconds = fc.integer({ min: -8.64e12, max: 8.64e12 });
    const checked = fc.record({ sub: uuid, session_id: uuid, iat: seconds, exp: seconds });
    fc.assert(
      fc.property(others, own, checked, (free, known, sure) => {
        const claims: HankoClaims = { ...free, ...known, ...sure };
        const before = JSON.stringify(claims);

        const user = new HankoUser(claims);

        expect(JSON.stringify(user.claims)).toBe(before);
        expect(isDeeplyFrozen(user.claims)).toBe(true);
        expect([user, user.amr, user.email].filter((value) => !Object.isFrozen(value))).toEqual([]);
        expect([user.id, user.sessionId]).toEqual([sure.sub, sure.session_id]);
        expect(user.amr.filter((method) => typeof method !== 'string')).toEqual([]);
        expect(['undefined', 'string']).toContain(typeof user.username);
        expect(['undefined', 'string']).toContain(typeof user.email?.address);
        expect(['undefined', 'boolean']).toContain(typeof user.email?.isVerified);
        expect(Number(user.authenticatedAt)).toBe(sure.iat * 1000);
        expect(Number(user.expiresAt)).toBe(sure.exp * 1000);
      }),
    );
  });
});

describe('any JWK Set', () => {
  const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  /** The length of a number in bits, counted on its bytes. */
  const bitsOf = (base64url: string): number => {
    const bytes = Buffer.from(base64url, 'base64url');
    const first = bytes.findIndex((byte) => byte !== 0);
    return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24;
  };

  const modulus = fc
    .record({
      zeros: fc.constantFrom(0, 0, 1, 64),
      first: fc.constantFrom(0x01, 0x7f, 0x80, 0xff),
      length: fc.constantFrom(0, 1, 254, 255, 255, 255, 256, 511),
      fill: fc.nat({ max: 255 }),
    })
    .map(({ zeros, first, length, fill }) =>
      encode(
        Uint8Array.from([
          ...Array<number>(zeros).fill(0),
          first,
          ...Array<number>(length).fill(fill),
        ]),
      ),
    );
  const exponent = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('AQAB', 'AAEAAQ', 'AQAD') },
    fc.constantFrom('', 'Aw', 'AQ', 'AQAA', 'AA', '____', 'AQAB='),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map(encode),
  );
  const mostly = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 24, arbitrary }, { weight: 1, arbitrary: anyJson });
  const jwk = fc.record({
    kty: mostly(fc.constant('RSA')),
    use: mostly(fc.constant('sig')),
    alg: mostly(fc.constantFrom('RS256', undefined)),
    key_ops: mostly(fc.constantFrom(['verify'], ['sign', 'verify'], undefined)),
    kid: mostly(fc.string({ minLength: 1 })),
    n: mostly(modulus),
    e: mostly(exponent),
    d: anyJson,
  });

  it('gives sound RSA keys and says of each other member what is wrong', () => {
    const usable = new Tally();
    const faulty = new Tally();
    fc.assert(
      fc.property(fc.array(fc.oneof(jwk, jwk, anyJson), { maxLength: 6 }), (keys) => {
        const parsed = parseJwkSet({ keys }) as NonNullable<ReturnType<typeof parseJwkSet>>;

        const wrong = new Set(parsed.faults.map(({ index }) => index));
        const right = keys.filter((_, index) => !wrong.has(index));
        expect(parsed.usable.length + parsed.faults.length).toBe(keys.length);
        expect(parsed.usable).toEqual(right.map((key) => pick(key as Record<string, unknown>)));
        for (const { n, e, kid } of parsed.usable) {
          expect(bitsOf(n)).toBeGreaterThanOrEqual(2048);
          expect((Buffer.from(e, 'base64url').at(-1) ?? 0) % 2).toBe(1);
          expect(bitsOf(e)).toBeGreaterThan(16);
          expect(bitsOf(e)).toBeLessThanOrEqual(256);
          expect(kid).not.toBe('');
        }
        for (const key of right) {
          expect(key).toMatchObject({ kty: 'RSA', use: 'sig' });
          expect(['RS256', undefined]).toContain((key as { alg?: unknown }).alg);
        }
        usable.count += parsed.usable.length;
        faulty.count += parsed.faults.length;
      }),
    );
    expectAtLeast(50, usable);
    expectAtLeast(200, faulty);
  });

  it('never throws, whatever it is', () => {
    const thing = fc.oneof(
      anyJson,
      fc.anything(),
      fc.record({ keys: fc.oneof(anyJson, fc.anything(), fc.array(fc.anything())) }),
    );
    fc.assert(
      fc.property(thing, (value) => {
        const parsed = parseJwkSet(value);

        const isSet = Array.isArray((value as { keys?: unknown } | null | undefined)?.keys);
        expect(parsed === null).toBe(!isSet || Array.isArray(value));
        expect(parsed?.usable ?? []).toEqual([]);
      }),
    );
  });

  const pick = ({ kid, n, e }: Record<string, unknown>): object => ({ kid, n, e });
});

describe('any headers of a request with a cookie', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65_535 })).map((parts) => parts.join(':')),
    fc.constantFrom(
      'localhost',
      'localhost:3000',
      '127.0.0.1:8080',
      '[::1]:3000',
      'api.example.com',
    ),
  );
  const scheme = fc.constantFrom('http', 'https');
  const noTrust: ReadonlySet<string> = new Set();
  const judge = (request: IncomingRequest, trusted = noTrust): 'passed' | 'refused' =>
    'error' in outcomeOf(() => refuseCrossSite(request, trusted), HankoCrossSiteError)
      ? 'refused'
      : 'passed';

  /** The port that is meant where none is named. */
  const withPort = (authority: string, protocol: string): string =>
    /:\d+$/.test(authority) ? authority : `${authority}:${protocol === 'https' ? 443 : 80}`;

  it('are refused by nothing but HankoCrossSiteError', () => {
    const text = fc.oneof(
      anyText(),
      host,
      fc.tuple(scheme, host).map((parts) => parts.join('://')),
      fc.constantFrom(
        'null',
        '',
        'file://',
        'same-origin',
        'cross-site',
        'websocket',
        'http://[',
        '%',
      ),
    );
    const name = fc.constantFrom(
      'origin',
      'Origin',
      'host',
      'sec-fetch-site',
      'upgrade',
      ':authority',
    );
    const request = fc.record(
      {
        method: fc.oneof(fc.constantFrom('POST', 'GET', 'get', 'HEAD', undefined), fc.string()),
        headers: fc.dictionary(name, fc.oneof(text, fc.array(text))),
        rawHeaders: fc.array(fc.oneof(name, text)),
      },
      { requiredKeys: ['headers'] },
    );
    const seen = { passed: new Tally(), refused: new Tally() };
    fc.assert(
      fc.property(request, fc.array(text), (received, trusted) => {
        seen[judge(received, new Set(trusted))].count += 1;
      }),
    );
    expectAtLeast(20, seen.passed);
    expectAtLeast(20, seen.refused);
  });

  it('pass only with an Origin that is the Host, where nothing else speaks for them', () => {
    const mutation = fc.constantFrom<(own: string) => string>(
      (own) => own,
      (own) => `evil${own}`,
      (own) => `evil.${own}`,
      (own) => `${own}.evil.test`,
      (own) => `${own}@evil.test`,
      (own) => `evil.test@${own}`,
      (own) => `${own}/`,
      (own) => `evil.test/${own}`,
      (own) => `evil.test?${own}`,
      (own) => `evil.test#${own}`,
      (own) => `evil.test\\${own}`,
      (own) => `${own}:444`,
      (own) => `${own}.`,
      (own) => own.slice(1),
      (own) => own.slice(0, -1),
      (own) => own.replace(/:\d+$/, ''),
      (own) => own.toUpperCase(),
      (own) => `${own}, ${own}`,
      () => 'evil.test',
    );
    const origin = fc.oneof(
      { weight: 9, arbitrary: fc.tuple(mutation, scheme) },
      fc.tuple(mutation, fc.constantFrom('file', 'chrome-extension', 'blob:https', '')),
    );
    const seen = { passed: new Tally(), refused: new Tally() };
    fc.assert(
      fc.property(host, origin, (own, [mutate, protocol]) => {
        const sent = `${protocol}://${mutate(own)}`;
        const isOwn =
          ['http', 'https'].includes(protocol) &&
          withPort(own, protocol) === withPort(mutate(own), protocol);
        // A browser writes an origin in lower case, without its default port (RFC 6454 §6.2).
        const isSerialized =
          mutate(own) === mutate(own).toLowerCase() &&
          !sent.endsWith(protocol === 'https' ? ':443' : ':80');
        const outcome = judge({ method: 'POST', headers: { host: own, origin: sent } });

        expect(outcome).toBe(isOwn && isSerialized ? 'passed' : 'refused');
        seen[outcome].count += 1;
      }),
      { numRuns: 1_500 },
    );
    expectAtLeast(50, seen.passed);
    expectAtLeast(500, seen.refused);
  });

  it('of a foreign page are refused for every method that is not safe', () => {
    const method = fc.oneof(
      fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'get', 'QUERY', undefined),
      fc.string().filter((name) => !['GET', 'HEAD', 'OPTIONS'].includes(name)),
    );
    const foreign = fc.oneof(
      fc.constant('null'),
      fc.tuple(scheme, fc.domain()).map((parts) => parts.join('://')),
    );
    const site = fc.constantFrom(
      undefined,
      '',
      'cross-site',
      'Same-Origin',
      'same-origin, cross-site',
      'x',
    );
    fc.assert(
      fc.property(method, host, foreign, site, (sent, own, origin, said) => {
        fc.pre(!origin.endsWith(`//${own.replace(/:\d+$/, '')}`));
        const headers = { host: own, origin, 'sec-fetch-site': said };

        expect(judge({ method: sent, headers })).toBe('refused');
        expect(judge({ method: sent, headers }, new Set([origin]))).toBe('passed');
      }),
    );
  });
});
