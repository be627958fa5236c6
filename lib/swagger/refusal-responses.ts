import { answerFor, type HankoAnswerCode } from '../errors/error-codes.js';
import type { RequireAuthOptions } from '../auth/require-auth-options.js';
import type { Fields } from './open-api.js';
import { refusalExamples } from './refusal-examples.js';
import { bodySchema } from './refusal-schemas.js';

/**
 * Responses by status, for an operation that can answer these codes.
 * @param demands of each route behind the operation.
 */
export function refusalResponses(
  codes: readonly HankoAnswerCode[],
  demands: readonly RequireAuthOptions[],
): Fields {
  const statuses = [...new Set(codes.map((code) => answerFor(code).status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const own = codes.filter((code) => answerFor(code).status === status);
      return [
        String(status),
        {
          description: descriptionOf(own),
          headers: headersOf(status, own),
          content: {
            'application/json': {
              schema: bodySchema(own),
              examples: refusalExamples(own, demands),
            },
          },
        },
      ];
    }),
  );
}

/** Everything that can be wrong with a token is told by the codes; the rest by their messages. */
function descriptionOf(codes: readonly HankoAnswerCode[]): string {
  const isOfToken = (code: HankoAnswerCode): boolean =>
    /^(?:credentials|token|session)_/.test(code);
  const rest = codes.filter((code) => !isOfToken(code)).map((code) => answerFor(code).message);
  const token = codes.includes('credentials_missing')
    ? 'No valid session token'
    : 'An invalid session token';
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
