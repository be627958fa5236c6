import { readFileSync } from 'node:fs';
import type { JwkSet } from 'nestjs-hanko';

/** A part of the recordings that holds tokens, see fake-hanko/test/fixtures/README.md. */
interface TokenRecording {
  readonly takenAt: string;
  readonly jwks: JwkSet;
  readonly jwksBefore: JwkSet;
  readonly jwksAfter: JwkSet;
  readonly tokens: Readonly<Record<string, string>>;
  readonly tenants: Readonly<Record<string, { user: string; token: string; jwks: JwkSet }>>;
}

/** Reads a `tokens.json`; each has the members that its folder's recording has. */
export function recordedTokens(folder: string): TokenRecording {
  const url = new URL(
    `../../fake-hanko/test/fixtures/server/${folder}/tokens.json`,
    import.meta.url,
  );
  const { exchanges } = JSON.parse(readFileSync(url, 'utf8')) as { exchanges: TokenRecording[] };
  return exchanges[0] as TokenRecording;
}

/** A member of a recording that must be there. */
export function recorded<T>(from: Readonly<Record<string, T>>, name: string): T {
  const value = from[name];
  if (value === undefined) throw new Error(`The recordings have no ${name}`);
  return value;
}
