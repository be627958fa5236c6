import { Metadata } from '@grpc/grpc-js';
import { HANKO_CHANNELS } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordChannel } from '../../support/app.js';
import { type AnswerCode, DOCUMENTED_ANSWERS } from '../../support/documented-answers.js';
import { type RunningGrpc, startGrpc } from '../../support/grpc-app.js';
import {
  expectNoToken,
  hanko,
  otherToken,
  ran,
  token,
  userId,
  useRpcHanko,
} from '../../support/rpc-handlers.js';

useRpcHanko();

let grpc: RunningGrpc;
beforeAll(async () => {
  grpc = await startGrpc();
});
afterAll(() => grpc?.[Symbol.asyncDispose]());

type Field = readonly [name: string, value: string | Buffer];

const metadata = (...fields: readonly Field[]): Metadata => {
  const made = new Metadata();
  for (const [name, value] of fields) made.add(name, value);
  return made;
};

const bearer = (value: string): Field => ['authorization', `Bearer ${value}`];

const CODES: Readonly<Partial<Record<AnswerCode, number>>> = {
  credentials_missing: 16,
  token_malformed: 16,
  token_expired: 16,
  token_too_large: 16,
  step_up_required: 16,
  requirement_not_met: 7,
  cross_site_request: 7,
  credentials_ambiguous: 3,
  hanko_unavailable: 14,
};

/** gRPC's status, our code as its details, and the challenge in the trailers. */
const refused = (code: AnswerCode): object => {
  const { challenge } = DOCUMENTED_ANSWERS[code];
  const { 'www-authenticate': _, ...none } = { 'www-authenticate': undefined };
  return {
    code: CODES[code],
    details: code,
    trailers: expect.objectContaining(
      challenge === undefined
        ? none
        : { 'www-authenticate': expect.stringContaining(challenge) as string },
    ) as object,
    texts: [],
  };
};

const answered = (...texts: readonly string[]): object =>
  expect.objectContaining({ code: 0, texts }) as object;

interface Case {
  readonly title: string;
  readonly method?: string;
  readonly fields: () => readonly Field[] | Promise<readonly Field[]>;
  readonly end: () => object;
}

const known = () => answered(`${userId} with a token`);
const nobody = () => answered('nobody without a token');

const CASES: readonly Case[] = [
  { title: 'nothing', fields: () => [], end: () => refused('credentials_missing') },
  { title: 'a valid token', fields: () => [bearer(token)], end: known },
  { title: 'bEARER', fields: () => [['AUTHORIZATION', `bEARER ${token}`]], end: known },
  { title: 'a cookie', fields: () => [['cookie', `a=b; hanko=${token}`]], end: known },
  {
    title: 'a cookie, from a page of the same site',
    fields: () => [
      ['cookie', `hanko=${token}`],
      ['sec-fetch-site', 'same-site'],
      ['origin', 'https://app.example'],
    ],
    end: known,
  },
  {
    title: 'a cookie, from a foreign page',
    fields: () => [
      ['cookie', `hanko=${token}`],
      ['origin', 'https://evil.example'],
    ],
    end: () => refused('cross_site_request'),
  },
  {
    title: 'an expired token',
    fields: async () => [bearer(await hanko.expiredToken())],
    end: () => refused('token_expired'),
  },
  { title: 'garbage', fields: () => [bearer('a.b.c')], end: () => refused('token_malformed') },
  {
    title: 'a token that is too large',
    fields: () => [bearer('a'.repeat(10_000))],
    end: () => refused('token_too_large'),
  },
  {
    title: 'bytes',
    fields: () => [
      ['authorization-bin', Buffer.from(`Bearer ${token}`)],
      ['token', token],
    ],
    end: () => refused('credentials_missing'),
  },
  {
    title: 'names of Object.prototype',
    fields: () => [['__proto__', `Bearer ${otherToken}`], ['constructor', 'x'], bearer(token)],
    end: known,
  },
  { title: 'nothing, optional', method: 'Optional', fields: () => [], end: nobody },
  { title: 'a token, optional', method: 'Optional', fields: () => [bearer(token)], end: known },
  {
    title: 'garbage, optional',
    method: 'Optional',
    fields: () => [bearer('a.b.c')],
    end: () => refused('token_malformed'),
  },
  { title: 'garbage, public', method: 'Open', fields: () => [bearer('a.b.c')], end: nobody },
  {
    title: 'a password, mfa',
    method: 'Mfa',
    fields: () => [bearer(token)],
    end: () => refused('step_up_required'),
  },
  {
    title: 'no claim, gold',
    method: 'Gold',
    fields: () => [bearer(token)],
    end: () => refused('requirement_not_met'),
  },
  {
    title: 'the claim, gold',
    method: 'Gold',
    fields: async () => [bearer(await hanko.token({ claims: { tier: 'gold' } }))],
    end: () => answered('gold'),
  },
];

describe('a unary call with', () => {
  it.each(CASES)('$title', async ({ method = 'Required', fields, end }) => {
    const got = await grpc.call(method, metadata(...(await fields())));

    expect(got).toEqual(end());
    expect(ran).toEqual(got.code === 0 ? [method] : []);
    expectNoToken(grpc.log, got);
  });
});

describe('a stream', () => {
  const STREAMS = [
    { kind: 'of a server', method: 'Down', texts: ['1', '2'] },
    { kind: 'of a client', method: 'Up', texts: ['1+2'] },
    { kind: 'in both directions', method: 'Both', texts: ['1', '2'] },
    { kind: "of a client, as gRPC's own call", method: 'RawUp', texts: ['1+2'] },
    { kind: "in both directions, as gRPC's own call", method: 'RawBoth', texts: ['1', '2'] },
  ];

  it.each(STREAMS)('$kind is guarded once, at its start', async ({ method, texts }) => {
    using authentications = recordChannel(HANKO_CHANNELS.authentication);

    expect(await grpc.call(method, metadata(bearer(token)))).toEqual(answered(...texts));
    expect(await grpc.call(method)).toEqual(refused('credentials_missing'));
    expect(await grpc.call(method, metadata(bearer('a.b.c')))).toEqual(refused('token_malformed'));
    expect(ran).toEqual([method]);
    expect(authentications.messages).toHaveLength(3);
  });

  it('is open with @Public() below the decorator that replaces the method', async () => {
    expect(await grpc.call('OpenBoth')).toEqual(answered('1', '2'));
  });
});

it('what is no refusal of ours stays as Nest has it', async () => {
  expect(await grpc.call('Fails')).toMatchObject({ code: 2, details: 'Internal server error' });
});

it('metadata that a client uses for many calls is new in each: expiry is looked at each time', async () => {
  using authentications = recordChannel(HANKO_CHANNELS.authentication);
  const shared = metadata(bearer(token));
  await grpc.call('Required', shared);
  await grpc.call('Required', shared);

  expect(authentications.messages).toHaveLength(2);
});

describe('without Hanko', () => {
  let down: RunningGrpc;
  beforeAll(async () => {
    down = await startGrpc({ options: { apiUrl: 'http://127.0.0.1:1' } });
  });
  afterAll(() => down?.[Symbol.asyncDispose]());

  it('is 14 UNAVAILABLE with retry-after, and what is public answers', async () => {
    for (const method of ['Required', 'Both', 'RawBoth', 'RawUp']) {
      expect(await down.call(method, metadata(bearer(token)))).toEqual({
        code: 14,
        details: 'hanko_unavailable',
        trailers: expect.objectContaining({
          'retry-after': expect.stringMatching(/^[1-9]\d*$/) as string,
        }) as object,
        texts: [],
      });
    }
    expect(await down.call('Open', metadata(bearer('a.b.c')))).toEqual(nobody());
    expect(ran).toEqual(['Open']);
  });
});
