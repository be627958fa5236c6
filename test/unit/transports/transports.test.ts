import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { handlerName } from '../../../lib/extraction/request.js';
import { isExecutionContext } from '../../../lib/transports/transports.js';

describe('an execution context', () => {
  const context = (parts: object): ExecutionContext => parts as ExecutionContext;

  it('is known by its method', () => {
    expect(isExecutionContext({ switchToHttp: () => undefined })).toBe(true);
    expect(isExecutionContext({ switchToHttp: 1 })).toBe(false);
    expect(isExecutionContext({ headers: {} })).toBe(false);
  });

  it('names its handler, if it has one', () => {
    class Notes {}
    const list = (): void => undefined;

    expect(handlerName(context({ getClass: () => Notes, getHandler: () => list }))).toBe(
      'Notes.list',
    );
    expect(handlerName(context({ getClass: () => undefined, getHandler: () => undefined }))).toBe(
      'undefined.undefined',
    );
  });
});
