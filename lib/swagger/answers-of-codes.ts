import { answerFor, type HankoAnswerCode } from '../errors/answers.js';
import { bodySchema } from './error-schemas.js';
import type { Fields } from './open-api.js';

/** Responses by status: what callers get who meet one of these codes. */
export function answersOfCodes(codes: readonly HankoAnswerCode[]): Fields {
  const statuses = [...new Set(codes.map((code) => answerFor(code).status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const own = codes.filter((code) => answerFor(code).status === status);
      return [
        String(status),
        {
          description: DESCRIPTIONS[status] ?? 'Refused',
          headers: headersOf(status, own),
          content: { 'application/json': { schema: bodySchema(own) } },
        },
      ];
    }),
  );
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  401: 'No good session token, or not the login that is demanded',
  403: 'Known, and not allowed',
  503: 'The login server cannot be reached, try again later',
};

function headersOf(status: number, codes: readonly HankoAnswerCode[]): Fields {
  const challenging = codes.filter((code) => answerFor(code).challenge !== undefined);
  return {
    ...(challenging.length > 0 && {
      'WWW-Authenticate': {
        description: 'The challenge (RFC 6750, RFC 9470)',
        required: challenging.length === codes.length,
        schema: { type: 'string' },
      },
    }),
    ...(status === 503 && {
      'Retry-After': {
        description: 'Seconds until the next try can succeed',
        required: true,
        schema: { type: 'integer', minimum: 1 },
      },
    }),
  };
}
