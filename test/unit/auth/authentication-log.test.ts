import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthenticationLog } from '../../../lib/auth/authentication-log.js';
import { HankoTokenError } from '../../../lib/errors/hanko.errors.js';

describe('the log of refused requests', () => {
  let lines: string[];
  let nowMs: number;
  let log: AuthenticationLog;

  beforeEach(() => {
    lines = [];
    nowMs = 1_000_000;
    const write = (line: unknown): void => void lines.push(String(line));
    Logger.overrideLogger({ log: write, error: write, warn: write, debug: write });
    log = new AuthenticationLog([], () => nowMs);
  });

  afterEach(() => Logger.overrideLogger(false));

  const refuse = (times: number): void => {
    for (let i = 0; i < times; i += 1) {
      log.refused({}, new HankoTokenError('token_expired', 'It expired'), 'Notes.list', {});
    }
  };

  it('has a line for each of a few', () => {
    refuse(10);

    expect(lines).toEqual(
      Array.from({ length: 10 }, () => 'token_expired at Notes.list: It expired'),
    );
  });

  it('has ten lines a second of a flood', () => {
    refuse(5_000);

    expect(lines).toHaveLength(10);
  });

  it('says afterwards how many were left out', () => {
    refuse(5_000);
    nowMs += 1_000;
    refuse(1);

    expect(lines.slice(10)).toEqual([
      '4990 more requests were refused before this one',
      'token_expired at Notes.list: It expired',
    ]);
  });

  it('has ten lines again in the next second', () => {
    refuse(10);
    nowMs += 1_000;
    refuse(11);

    expect(lines).toHaveLength(20);
  });
});
