import type { ExecutionContext } from '@nestjs/common';
import { Metadata } from '@grpc/grpc-js';
import { RpcException } from '@nestjs/microservices';
import {
  bearerTokenExtractor,
  type HankoCall,
  HankoTokenError,
  type HankoTransport,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGrpc, startGrpc } from '../../support/grpc-app.js';
import { useRpcHanko } from '../../support/rpc-handlers.js';

useRpcHanko();

const fail = (): never => {
  throw new Error('a secret of the app');
};

/** What an app's own parts do, by what a caller sends. */
const FAULTS: Readonly<Record<string, () => HankoCall>> = {
  extractor: () => ({ request: { headers: { 'x-fails': 'yes' } } }),
  open: fail,
  setHeaders: () => ({ params: {}, setHeaders: fail }),
  refusal: () => ({ params: {}, refusal: () => new Error('a secret of the app') }),
  ours: () => {
    throw new HankoTokenError('token_malformed', 'is none');
  },
  status: () => ({
    params: {},
    refusal: () => new RpcException({ code: 7, details: 'of the app' }),
  }),
};

const faulty: HankoTransport = {
  type: 'rpc',
  open(context: ExecutionContext) {
    const [call, metadata] = context.getArgs<[{ metadata?: Metadata }, Metadata]>();
    const [fault] = (call.metadata ?? metadata).get('fault');
    return FAULTS[String(fault)]?.();
  },
};

let grpc: RunningGrpc;
beforeAll(async () => {
  const failing = {
    name: 'failing',
    extract: ({ headers }: { headers: object }) => ('x-fails' in headers ? fail() : undefined),
  };
  grpc = await startGrpc({
    options: { transports: [faulty], extractors: [failing, bearerTokenExtractor()] },
  });
});
afterAll(() => grpc?.[Symbol.asyncDispose]());

const METHODS = ['Required', 'Optional', 'Down', 'Up', 'Both', 'RawUp', 'RawBoth'];

const internal = { code: 2, details: 'Internal server error', texts: [] };

describe('a fault of the app ends the call and not the process, in each kind of method:', () => {
  it.each([
    { fault: 'extractor', end: internal },
    { fault: 'open', end: internal },
    { fault: 'setHeaders', end: internal, isOptional: true },
    { fault: 'refusal', end: internal, isOptional: true },
    { fault: 'status', end: { code: 7, details: 'of the app' }, isOptional: true },
    { fault: 'ours', end: { code: 16, details: 'token_malformed' } },
  ])('$fault', async ({ fault, end, isOptional = false }) => {
    const metadata = new Metadata();
    metadata.set('fault', fault);
    // A rejection that nobody handles fails the run.
    for (const method of METHODS) {
      if (isOptional && method === 'Optional') continue;
      expect(await grpc.call(method, metadata)).toMatchObject(end);
    }
  });
});
