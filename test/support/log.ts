import { inspect } from 'node:util';
import { Logger, type LoggerService } from '@nestjs/common';
import { beforeEach } from 'vitest';

export interface LogLine {
  readonly level: 'log' | 'error' | 'warn' | 'debug' | 'verbose' | 'fatal';
  readonly message: unknown;
  readonly context: string | undefined;
  /** Everything that reached the logger, as text. */
  readonly text: string;
}

/** A Nest logger that keeps every line of every level. */
export class CapturedLog implements LoggerService {
  readonly lines: LogLine[] = [];

  readonly log = this.writer('log');
  readonly error = this.writer('error');
  readonly warn = this.writer('warn');
  readonly debug = this.writer('debug');
  readonly verbose = this.writer('verbose');
  readonly fatal = this.writer('fatal');

  /** The messages of one level, of one context if it is given. */
  messages(level: LogLine['level'], context?: string): string[] {
    return this.lines
      .filter((line) => line.level === level && (context === undefined || line.context === context))
      .map(({ message }) => (typeof message === 'string' ? message : inspect(message)));
  }

  private writer(level: LogLine['level']) {
    return (message: unknown, ...rest: unknown[]): void => {
      const last = rest.at(-1);
      const texts = [message, ...rest].map((part) =>
        typeof part === 'string' ? part : inspect(part, { depth: 10 }),
      );
      this.lines.push({
        level,
        message,
        context: typeof last === 'string' ? last : undefined,
        text: texts.join(' '),
      });
    };
  }
}

/** Takes the place of Nest's logger, from now on: a line for each call, with its level first. */
export function writeLogTo(lines: string[], { isDebug = false } = {}): void {
  const write =
    (level: string) =>
    (...words: unknown[]): void => {
      lines.push([level, ...words].map(String).join(' '));
    };
  const logger = { log: write('log'), warn: write('warn'), error: write('error') };
  Logger.overrideLogger(isDebug ? { ...logger, debug: write('debug') } : logger);
}

/**
 * The lines of the log of each test, beginning with none. To be called once, by the file of tests itself: what
 * a module of support does while it is loaded happens once for many files, and each has a logger of its own.
 */
export function captureLog(): string[] {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    writeLogTo(lines);
  });
  return lines;
}
