import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';

/** Thrown for what is no response of an authenticator at all. */
export class MalformedResponse extends Error {}

const BASE64URL = /^[\w-]+$/;
/** WebAuthn §5.8.4 names six, each shorter than this. */
const TRANSPORT = /^[\w-]{1,32}$/;
const MAX_TRANSPORTS = 10;

/** What a page says of a new key. @throws MalformedResponse */
export function readAttestation(text: string): RegistrationResponseJSON {
  const { id, response } = readResponse(text);
  const { transports = null } = response;
  const isList = Array.isArray(transports) && transports.every((one) => typeof one === 'string');
  if (transports !== null && !isList) throw new MalformedResponse('no list of texts');
  const known = isList ? transports.filter((one) => TRANSPORT.test(one)) : [];
  return {
    ...frame(id),
    response: {
      clientDataJSON: bytes(response.clientDataJSON),
      attestationObject: bytes(response.attestationObject),
      transports: known.slice(0, MAX_TRANSPORTS),
    },
  };
}

/** What a page says of a signature. @throws MalformedResponse */
export function readAssertion(text: string): AuthenticationResponseJSON {
  const { id, response } = readResponse(text);
  const { userHandle } = response;
  return {
    ...frame(id),
    response: {
      clientDataJSON: bytes(response.clientDataJSON),
      authenticatorData: bytes(response.authenticatorData),
      signature: bytes(response.signature),
      // Security keys have none, or an empty one.
      ...(typeof userHandle === 'string' && { userHandle: userHandle && bytes(userHandle) }),
    },
  };
}

/** The page that asked the authenticator. @throws MalformedResponse */
export function originIn(clientDataJson: string): string {
  const { origin } = parseObject(Buffer.from(clientDataJson, 'base64url').toString());
  if (typeof origin !== 'string') throw new MalformedResponse('no origin');
  return origin;
}

function readResponse(text: string): {
  readonly id: string;
  readonly response: Readonly<Record<string, unknown>>;
} {
  const { id, rawId, type, response } = parseObject(text);
  if (type !== 'public-key' || id !== rawId) throw new MalformedResponse('no public key');
  return { id: bytes(id), response: object(response) };
}

const frame = (id: string) =>
  ({ id, rawId: id, type: 'public-key', clientExtensionResults: {} }) as const;

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return object(JSON.parse(text));
  } catch {
    throw new MalformedResponse('no JSON object');
  }
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new MalformedResponse('no object');
  return value as Readonly<Record<string, unknown>>;
}

function bytes(value: unknown): string {
  if (typeof value !== 'string' || !BASE64URL.test(value)) throw new MalformedResponse('no bytes');
  return value;
}
