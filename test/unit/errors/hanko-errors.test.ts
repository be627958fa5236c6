import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { HttpException, UnauthorizedException } from '@nestjs/common';
import {
  HankoAuthError,
  HankoConfigurationError,
  HankoContextError,
  HankoCredentialsError,
  HankoCrossSiteError,
  HankoRequirementError,
  HankoStepUpError,
  HankoTokenError,
  HankoUnavailableError,
  isHankoError,
} from 'nestjs-hanko';
import { describe, expect, it, vi } from 'vitest';
import { DOCUMENTED_ANSWERS } from '../../support/documented-answers.js';
import { TOKEN_CODES, type TokenCode } from '../../support/verifier.js';

const REASON = 'the precise cause';

const OTHERS: Readonly<Record<string, HankoAuthError>> = {
  credentials_missing: new HankoCredentialsError('credentials_missing', REASON),
  credentials_ambiguous: new HankoCredentialsError('credentials_ambiguous', REASON),
  cross_site_request: new HankoCrossSiteError(REASON),
  hanko_unavailable: new HankoUnavailableError(REASON, 17),
  context_unsupported: new HankoContextError('ws', 'ChatGateway.say'),
  step_up_required: new HankoStepUpError(
    [{ requirement: 'mfa', needed: true, actual: ['pwd'] }],
    new Date(0),
    REASON,
  ),
  requirement_not_met: new HankoRequirementError(
    [{ requirement: 'claims', claim: 'role' }],
    REASON,
  ),
};

/** What two of them say beside the text. */
const DETAILS: Readonly<Record<string, object>> = {
  step_up_required: {
    unmet: [{ requirement: 'mfa', needed: true, actual: ['pwd'] }],
    authenticatedAt: '1970-01-01T00:00:00.000Z',
  },
  requirement_not_met: { unmet: [{ requirement: 'claims', claim: 'role' }] },
};

const answers = Object.entries(DOCUMENTED_ANSWERS).map(([code, documented]) => ({
  ...documented,
  code,
  error: OTHERS[code] ?? new HankoTokenError(code as TokenCode, REASON),
  details: DETAILS[code] ?? {},
  headers: {
    ...(documented.challenge !== undefined && { 'WWW-Authenticate': documented.challenge }),
    ...(code === 'hanko_unavailable' && { 'Retry-After': '17' }),
  },
}));

describe.each(answers)('$code', ({ error, code, status, message, headers, details }) => {
  it('answers with its status, code and coarse message', () => {
    expect(error.getStatus()).toBe(status);
    expect(error.getResponse()).toStrictEqual({
      statusCode: status,
      code,
      message,
      ...details,
    });
  });

  it('names itself', () => {
    expect(error.name).toBe(error.constructor.name);
    expect(error.name).toMatch(/^Hanko\w+Error$/);
    expect({ code: error.code, message: error.message }).toEqual({ code, message });
  });

  it('has the header fields of its answer', () => {
    expect(error.headers).toStrictEqual(headers);
  });

  it('is an exception of Nest and an error of ours', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(HttpException);
    expect(error).toBeInstanceOf(HankoAuthError);
    expect(isHankoError(error)).toBe(true);
  });

  it('keeps its precise cause out of the answer', () => {
    expect(error.reason).not.toBe('');
    expect(JSON.stringify(error.getResponse())).not.toContain(error.reason);
    expect(JSON.stringify(error.headers)).not.toContain(error.reason);
    expect(error.message).not.toContain(error.reason);
  });

  it('has a challenge that is legal', () => {
    const challenge = error.headers['WWW-Authenticate'] ?? 'Bearer';

    // RFC 6750 §3: error_description has neither quotes nor backslashes.
    expect(challenge).toMatch(
      /^Bearer(?: error="[a-z_]+", error_description="[\x20-\x21\x23-\x5B\x5D-\x7E]+")?$/,
    );
  });

  it('does not show its brand or its stack to loggers', () => {
    const symbols = Object.getOwnPropertySymbols(error);

    expect(Object.keys(error)).not.toContain('stack');
    expect(JSON.stringify(error)).not.toContain('errors.test.ts');
    expect(
      symbols.filter((symbol) => Object.prototype.propertyIsEnumerable.call(error, symbol)),
    ).toEqual([]);
    expect(inspect(error)).not.toContain('nestjs-hanko:error');
  });
});

describe('the errors', () => {
  it('have one code per situation', () => {
    const codes = answers.map(({ code }) => code);

    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => code.startsWith('token_')).toSorted()).toEqual(
      [...TOKEN_CODES].toSorted(),
    );
  });

  it('carry a challenge wherever RFC 6750 has one', () => {
    const unchallenged = answers.filter(({ error }) => !('WWW-Authenticate' in error.headers));

    expect(unchallenged.map(({ code }) => code).toSorted()).toEqual([
      'context_unsupported',
      'cross_site_request',
      'hanko_unavailable',
      'tenant_unknown',
    ]);
  });

  it('name no error code in the challenge when there was no credential (RFC 6750 §3.1)', () => {
    const { headers } = new HankoCredentialsError('credentials_missing', REASON);

    expect(headers['WWW-Authenticate']).toBe('Bearer');
  });

  it('do not share their header fields', () => {
    const one = new HankoTokenError('token_expired', REASON);
    const other = new HankoTokenError('token_expired', REASON);

    expect(one.headers).not.toBe(other.headers);
    expect(one.getResponse()).not.toBe(other.getResponse());
  });
});

describe('HankoUnavailableError', () => {
  it.each([1, 30, 3_600])('says when to come again: %i s', (seconds) => {
    const error = new HankoUnavailableError(REASON, seconds);

    expect(error.retryAfterSeconds).toBe(seconds);
    expect(error.headers['Retry-After']).toBe(String(seconds));
  });
});

describe('HankoContextError', () => {
  it('tells operators the handler and both ways out, and callers nothing', () => {
    const error = new HankoContextError('graphql', 'NotesResolver.notes');

    expect(error.reason).toContain('NotesResolver.notes');
    expect(error.reason).toContain('"graphql"');
    expect(error.reason).toMatch(/transports: \[.*@Public\(\)/);
    expect(JSON.stringify(error.getResponse())).not.toContain('NotesResolver');
  });
});

describe('HankoConfigurationError', () => {
  const faults = [
    { path: 'apiUrl', hint: 'is missing.' },
    { path: 'trustedOrigins[1]', hint: 'must be an origin.' },
  ];
  const error = new HankoConfigurationError(faults);

  it('names every fault with its path and its cure', () => {
    expect(error.faults).toEqual(faults);
    expect(error.message).toBe(
      'nestjs-hanko is not set up correctly:\n' +
        '  - apiUrl: is missing.\n' +
        '  - trustedOrigins[1]: must be an origin.',
    );
  });

  it('is an error of ours, and no answer to a caller', () => {
    expect(error).toMatchObject({ name: 'HankoConfigurationError', code: 'configuration_invalid' });
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(HttpException);
    expect(isHankoError(error)).toBe(true);
  });

  it('prints with its name first, and every line', () => {
    expect(error.stack).toMatch(
      /^HankoConfigurationError: nestjs-hanko is not set up correctly:\n/,
    );
    expect(inspect(error)).toContain('trustedOrigins[1]: must be an origin.');
  });
});

describe('isHankoError', () => {
  const BRAND = Symbol.for('nestjs-hanko:error');

  it('knows an error of another copy of this package, where instanceof fails', async () => {
    vi.resetModules();
    const copy = await import('../../../lib/errors/hanko.errors.js');
    const error = new copy.HankoTokenError('token_expired', REASON);

    expect(error).not.toBeInstanceOf(HankoTokenError);
    expect(isHankoError(error)).toBe(true);
    expect(copy.isHankoError(new HankoTokenError('token_expired', REASON))).toBe(true);
  });

  it('knows an error of another realm', () => {
    const error: unknown = runInNewContext(
      `Object.assign(new Error('x'), { [Symbol.for('nestjs-hanko:error')]: true })`,
    );

    expect(error).not.toBeInstanceOf(Error);
    expect(isHankoError(error)).toBe(true);
  });

  it('knows any object that bears the brand', () => {
    expect(isHankoError({ [BRAND]: true, code: 'token_expired' })).toBe(true);
    expect(isHankoError(Object.defineProperty({}, BRAND, { value: true }))).toBe(true);
  });

  it.each<{ name: string; value: unknown }>([
    { name: 'undefined', value: undefined },
    { name: 'null', value: null },
    { name: 'text', value: 'token_expired' },
    { name: 'a number', value: 401 },
    { name: 'a boolean', value: true },
    { name: 'a symbol', value: BRAND },
    { name: 'an empty object', value: {} },
    { name: 'an object without prototype', value: Object.create(null) },
    { name: 'an error', value: new Error('x') },
    { name: 'an exception of Nest', value: new UnauthorizedException() },
    { name: 'one with our code', value: { code: 'token_expired' } },
    { name: 'one with our name', value: { name: 'HankoTokenError' } },
    { name: 'one with the text of the brand', value: { 'nestjs-hanko:error': true } },
    { name: 'one with a symbol of that text', value: { [Symbol('nestjs-hanko:error')]: true } },
    { name: 'a class of ours', value: HankoTokenError },
    { name: 'a copy as JSON', value: JSON.parse(JSON.stringify(new HankoCrossSiteError(REASON))) },
  ])('does not know $name', ({ value }) => {
    expect(isHankoError(value)).toBe(false);
  });
});

describe('the stack trace of a refusal', () => {
  it('is not taken, and that of other errors is', () => {
    const before = Error.stackTraceLimit;
    const { stack } = new HankoTokenError('token_expired', 'reason');
    expect(stack).not.toContain('\n    at ');
    expect(Error.stackTraceLimit).toBe(before);
    expect(new Error('another').stack).toContain('\n    at ');
  });
});
