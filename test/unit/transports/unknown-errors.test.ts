import { type ExecutionContext, InternalServerErrorException } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { withoutMessage } from '../../../lib/transports/unknown-errors.js';

const contextOf = (type: string): ExecutionContext => ({ getType: () => type }) as never;
const error = new Error('inner text');

describe('an error that callers must not read', () => {
  it.each(['http', 'ws', 'rpc'])('is thrown as it is where Nest hides what it says: %s', (type) => {
    expect(withoutMessage(error, contextOf(type))).toBe(error);
    expect(withoutMessage(error, undefined)).toBe(error);
  });

  it.each(['graphql', 'telegraf'])('says nothing elsewhere, and is the cause: %s', (type) => {
    const thrown = withoutMessage(error, contextOf(type)) as InternalServerErrorException;

    expect(thrown).toBeInstanceOf(InternalServerErrorException);
    expect(thrown.message).toBe('Internal server error');
    expect(thrown.cause).toBe(error);
    expect(JSON.stringify([thrown.getResponse(), thrown])).not.toContain('inner');
  });
});
