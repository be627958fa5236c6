import { EXTRACTED_FROM } from '../hanko.constants.js';
import type { TellingExtractor, TokenExtractor } from '../extraction/token-extractor.js';
import type { Fields } from './open-api.js';

/** Where an app looks for session tokens. */
export interface CredentialPlaces {
  /** Security schemes by name, for all places that are known. */
  readonly schemes: Fields;
  /** Whether browsers may attach the credential by themselves. */
  readonly mayBeAmbient: boolean;
  /** Whether callers may send it on purpose. */
  readonly mayBeSent: boolean;
}

/** @param extractors those of an app's own do not say where they look, and may do either. */
export function credentialPlaces(extractors: readonly TokenExtractor[]): CredentialPlaces {
  const places = extractors.map(
    (extractor) => (extractor as Partial<TellingExtractor>)[EXTRACTED_FROM],
  );
  const cookies = places.filter((place) => place?.in === 'cookie');
  return {
    schemes: Object.fromEntries([
      ...(places.some((place) => place?.in === 'bearer') ? [['hankoBearer', BEARER]] : []),
      ...cookies.map(({ name }, index) => [
        index === 0 ? 'hankoCookie' : `hankoCookie${index + 1}`,
        cookieScheme(name),
      ]),
    ]),
    mayBeAmbient: places.some((place) => place?.in !== 'bearer'),
    mayBeSent: places.some((place) => place?.in !== 'cookie'),
  };
}

const BEARER: Fields = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: "Hanko's session token",
};

const cookieScheme = (name: string): Fields => ({
  type: 'apiKey',
  in: 'cookie',
  name,
  description: "Hanko's session cookie. Browsers send it by themselves.",
});
