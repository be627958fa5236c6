import type { TokenExtractor } from '../extraction/token-extractor.js';
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

/** @param extractors those that do not say where they look may do either. */
export function credentialPlaces(extractors: readonly TokenExtractor[]): CredentialPlaces {
  const places = extractors.map(({ place }) => place);
  const cookies = places.filter((place) => place?.in === 'cookie');
  const headers = places.filter((place) => place?.in === 'header');
  return {
    schemes: Object.fromEntries([
      ...(places.some((place) => place?.in === 'bearer') ? [['hankoBearer', BEARER]] : []),
      ...cookies.map(({ name }, index) => [
        index === 0 ? 'hankoCookie' : `hankoCookie${index + 1}`,
        cookieScheme(name),
      ]),
      ...headers.map(({ name }, index) => [
        index === 0 ? 'hankoHeader' : `hankoHeader${index + 1}`,
        headerScheme(name),
      ]),
    ]),
    mayBeAmbient: places.some((place) => place === undefined || place.in === 'cookie'),
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

const headerScheme = (name: string): Fields => ({
  type: 'apiKey',
  in: 'header',
  name,
  description: "Hanko's session token",
});
