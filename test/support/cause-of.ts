import { HankoAuthError } from 'nestjs-hanko';
import { expect } from 'vitest';

/** What an operator reads of a refusal: its code and its precise cause. */
export function causeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return printed(error);
  }
  return expect.unreachable('it was accepted');
}

/** What a log says of an error. */
export const printed = (error: unknown): string =>
  error instanceof HankoAuthError ? `${error.code}: ${error.reason}` : String(error);

/** base64url, as the parts of a token are written. */
export const encode = (content: string | Uint8Array): string =>
  Buffer.from(content).toString('base64url');
