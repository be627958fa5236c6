import { readFileSync } from 'node:fs';
import type { HankoErrorCode } from 'nestjs-hanko';

/** The codes that callers meet. */
export type AnswerCode = Exclude<HankoErrorCode, 'configuration_invalid'>;

/** What callers are promised for one code. */
export interface DocumentedAnswer {
  readonly status: number;
  /** `WWW-Authenticate`; `max_age` is not part of it. */
  readonly challenge: string | undefined;
  readonly message: string;
}

const page = readFileSync(new URL('../../docs/responses.md', import.meta.url), 'utf8');

const ROW = /^\| (\d{3}) +\| `(\w+)` +\| (.+?) +\| (?:`(.+?)`|–) +\| .+\|$/gm;

/**
 * The table of docs/responses.md: what the tests expect of responses, and the one place beside
 * `lib/errors/error-codes.ts` where their texts are written.
 */
export const DOCUMENTED_ANSWERS = Object.fromEntries(
  [...page.matchAll(ROW)].map(
    ([, status, code, message = '', field]): [string, DocumentedAnswer] => [
      code as string,
      { status: Number(status), challenge: challengeOf(field, message), message },
    ],
  ),
) as Readonly<Record<AnswerCode, DocumentedAnswer>>;

/** The table has the error only: RFC 6750 §3 adds its description. */
function challengeOf(field: string | undefined, message: string): string | undefined {
  if (field === undefined || field === 'Bearer') return field;
  return `Bearer ${field}, error_description="${message}"`;
}
