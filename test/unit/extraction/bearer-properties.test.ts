import * as fc from 'fast-check';
import {
  bearerTokenExtractor,
  HankoCredentialsError,
  HankoTokenError,
  type IncomingRequest,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { nodeHeaders, nodeRequest } from '../../support/node-headers.js';
import {
  useFixedSeed,
  expectAtLeast,
  Tally,
  fieldText,
  outcomeOf,
} from '../../support/properties.js';

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

useFixedSeed();

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
