import {
  type HankoClaimsSchema,
  isStandardSchema,
  STANDARD_SCHEMA,
} from '../user/standard-schema.js';
import { isText } from '../util/value-checks.js';
import { type Option, type WrittenOption, wholeNumber } from './option.js';
import { readText, textProblem } from './text.js';

/** What a session token must be. */
export interface TokenOptions {
  /**
   * Audiences that this service accepts: a token passes if its `aud` claim (RFC 7519 §4.1.3) has one of them. By
   * default Hanko puts its `webauthn.relying_party.id` there, a host name such as `app.example.com`.
   * Default: `HANKO_AUDIENCE` (comma-separated). Unset is a warning at start-up; `null` turns the
   * check off on purpose.
   */
  readonly audience?: string | readonly string[] | null;

  /**
   * The one accepted `iss` claim (RFC 7519 §4.1.1). Set it only if the server sets `session.issuer`:
   * by default Hanko sends none. Default: `HANKO_ISSUER`, else not checked.
   */
  readonly issuer?: string;

  /** Tolerance for `exp`, `nbf` and `iat`, in seconds. Default 5, range 0 to 300. */
  readonly clockToleranceSeconds?: number;

  /** Maximum size of a token, in bytes; longer ones are refused unread. Default 8,192, range 1,024 to 1,048,576. */
  readonly maxTokenBytes?: number;

  /**
   * A Standard Schema (zod, valibot, arktype, …) that parses the claims of each verified token, once per token. Its
   * output is `user.claims`; claims that it does not mention stay as they were sent, and Hanko's own cannot be
   * changed. A token that it refuses is answered 401 `token_claims_invalid`. Default: claims stay as they were sent.
   */
  readonly claimsSchema?: HankoClaimsSchema;
}

/** What an operator is told if the audience is not checked, and nobody has said so. */
export const UNCHECKED =
  'No audience is configured: a session token that this Hanko made for any other service is accepted. ' +
  'Set the option audience or HANKO_AUDIENCE to what the "aud" claim holds, by default the host name of your ' +
  'app (webauthn.relying_party.id), or write audience: null to accept every audience on purpose.';

const IN_OPTION = 'must be a text or a list of texts, none of them empty; null turns the check off';
const IN_VARIABLE = 'must be audiences separated by commas, none of them empty';

const audience: Option<readonly string[] | null> = {
  variable: 'HANKO_AUDIENCE',
  read: (written) => {
    const { value, path, isFromEnvironment, fault, warn } = written;
    // Only the option can be null: a variable that is null counts as unset.
    if (value === null) return null;
    if (value === undefined) {
      warn(UNCHECKED);
      return null;
    }
    const expected = isFromEnvironment ? IN_VARIABLE : IN_OPTION;
    const list = audiencesOf(written);
    if (!Array.isArray(list) || list.length === 0 || !list.every(isText)) {
      fault(`${expected}.`);
      return null;
    }
    const audiences = list.map((entry) => entry.trim());
    const [problem] = audiences.map(audienceProblem).filter((it) => it !== null);
    if (problem !== undefined) fault(`${problem}; it ${expected}.`);
    else if (audiences.some(looksLikeAddress)) {
      warn(
        `${path} holds a URL, a port or a path. The "aud" claim usually holds a host name alone, such as localhost ` +
          'or app.example.com: by default what webauthn.relying_party.id is in Hanko. Tokens are refused ' +
          'unless your Hanko sets session.audience to exactly this text.',
      );
    } else if (audiences.some(isOddHostName)) {
      warn(
        `${path} holds a host name with a dot at its beginning or end, or with capital letters. The "aud" claim is compared ` +
          'letter by letter, and usually is a host name such as app.example.com. Tokens are refused unless your Hanko ' +
          'puts exactly this text there.',
      );
    } else if (audiences.some((entry) => /[,;]/.test(entry))) {
      warn(
        `${path} holds a text with a comma or a semicolon, which counts as one audience. Write several as a list: ` +
          "audience: ['a', 'b'], or HANKO_AUDIENCE=a,b.",
      );
    }
    return [...new Set(audiences)];
  },
};

/** A variable that is a text holds several; a `load` factory of ConfigModule may also give a list. */
function audiencesOf({ value, isFromEnvironment }: WrittenOption): unknown {
  // Copied, so that a gap in a sparse list is an entry like any other.
  if (Array.isArray(value)) return [...(value as unknown[])];
  if (typeof value !== 'string') return value;
  return isFromEnvironment ? value.split(',') : [value];
}

const audienceProblem = (entry: string): string | null =>
  entry.includes('*')
    ? 'has a wildcard, which no "aud" claim matches: write each audience in full'
    : textProblem(entry);

const looksLikeAddress = (entry: string): boolean =>
  /^[a-z][a-z\d+.-]*:\/\//i.test(entry) || /:\d+\/?$/.test(entry) || /^[^:]+\//.test(entry);

/** `.example.com`, `example.com.`, `App.Example.com`: what DNS and cookies take for the same, and a claim does not. */
const isOddHostName = (entry: string): boolean =>
  /^[\w-]*(?:\.[\w-]*)+$/.test(entry) && /^\.|\.$|[A-Z]/.test(entry);

const issuer: Option<string | null> = {
  variable: 'HANKO_ISSUER',
  read: (written) =>
    readText(written, 'must be a text: what session.issuer is set to on the server') ?? null,
};

const claimsSchema: Option<HankoClaimsSchema | null> = {
  read: ({ value, fault }) => {
    if (value === undefined) return null;
    if (!isStandardSchema(value)) fault(`must be ${STANDARD_SCHEMA}.`);
    return value as HankoClaimsSchema;
  },
};

export const tokenOptions = {
  audience,
  issuer,
  clockToleranceSeconds: wholeNumber([5, 0, 300]),
  maxTokenBytes: wholeNumber([8_192, 1_024, 1_048_576]),
  claimsSchema,
};
