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
          description: descriptionOf(own),
          headers: headersOf(status, own),
          content: { 'application/json': { schema: bodySchema(own) } },
        },
      ];
    }),
  );
}

/** All that a token can lack is told by the codes; the rest in the words of the answers. */
function descriptionOf(codes: readonly HankoAnswerCode[]): string {
  const isOfToken = (code: HankoAnswerCode): boolean =>
    /^(?:credentials|token|session)_/.test(code);
  const rest = codes.filter((code) => !isOfToken(code)).map((code) => answerFor(code).message);
  const token = codes.includes('credentials_missing')
    ? 'No good session token'
    : 'A session token that is not good';
  return [...(codes.some(isOfToken) ? [token] : []), ...rest].join('. Or: ');
}

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
