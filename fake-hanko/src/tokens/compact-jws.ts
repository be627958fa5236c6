import type { RawToken } from './shapes.js';

/** Joins and signs a compact JWS, RFC 7515 §7.1. */
export async function signCompact(
  header: Readonly<Record<string, unknown>>,
  payload: RawToken['payload'],
  sign: (input: string) => Buffer | Promise<Buffer>,
): Promise<string> {
  const bytes =
    typeof payload === 'string' || payload instanceof Uint8Array
      ? Buffer.from(payload as string)
      : Buffer.from(JSON.stringify(payload));
  const input = `${encodeJson(header)}.${bytes.toString('base64url')}`;
  return `${input}.${(await sign(input)).toString('base64url')}`;
}

export const encodeJson = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');
