import type { CanActivate, DynamicModule, Type } from '@nestjs/common';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** How a caller sends its token. */
export type Credential = 'bearer' | 'cookie';

/** Where the keys are, and what a good token must say. */
export interface HankoSettings {
  readonly apiUrl: string;
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
}

/** Injection token of the {@link HankoSettings}. */
export const HANKO = Symbol('HANKO');

/**
 * One way to protect a Nest app, set up as its own documentation recommends for production: issuer,
 * audience and algorithm are checked. `GET /me` is protected and answers `{ id }`, the `sub` of the
 * token; `GET /ping` is open.
 */
export interface Contender {
  /** For the command line, addresses and results.json. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly platforms: readonly Platform[];
  readonly credential: Credential;
  /** False for those that let everyone in: what the others are compared with. */
  readonly verifies: boolean;
  app(hanko: HankoSettings): DynamicModule | Promise<DynamicModule>;
  /** A provider of the app: what the scenarios without HTTP call. */
  readonly guard?: Type<CanActivate>;
}
