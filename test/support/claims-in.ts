import type { HankoClaims } from 'nestjs-hanko';

/** What a token says. Its signature is not looked at. */
export const claimsIn = (token: string): HankoClaims =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as HankoClaims;

export const sessionIdIn = (token: string): string => claimsIn(token).session_id;
