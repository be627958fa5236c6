import { claimsOf } from './tokens.js';

const INVALID = JSON.stringify({ is_valid: false });

/** What Hanko says of sessions; made in advance, so that little of the machine goes to Hanko. */
export class SessionAnswers {
  private readonly bodies = new Map<string, string>();

  /** The sessions of these tokens are alive, and no others. */
  set(tokens: readonly string[]): void {
    this.bodies.clear();
    for (const token of tokens) this.add(token);
  }

  add(token: string): void {
    this.bodies.set(token, JSON.stringify(valid(token)));
  }

  delete(token: string): void {
    this.bodies.delete(token);
  }

  /** The body that answers for a token. */
  bodyFor(token: string): string {
    return this.bodies.get(token) ?? INVALID;
  }
}

/** With Hanko's names for claims. */
function valid(token: string): object {
  const { sub, iat, exp, aud, iss, ...rest } = claimsOf(token);
  const expiration = timeText(exp);
  return {
    is_valid: true,
    claims: {
      ...rest,
      subject: sub,
      issued_at: timeText(iat),
      expiration,
      audience: aud,
      issuer: iss,
    },
    expiration_time: expiration,
    user_id: sub,
  };
}

const timeText = (seconds: number): string => new Date(seconds * 1_000).toISOString();
