import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { hasGateways, hasMessageHandlers } from './discovery/app-classes.js';
import { HANKO_JWKS, HANKO_OPTIONS, HANKO_TRANSPORTS } from './hanko.constants.js';
import type { ResolvedHankoOptions } from './options/hanko-options.js';
import type { JwksProvider } from './jwks/jwks-provider.js';
import { RemoteJwks } from './jwks/remote-jwks.js';
import { HankoRevocation } from './revocation/hanko-revocation.js';
import { SessionLiveness } from './session/session-liveness.js';
import { Hankos } from './tenants/hankos.js';
import { jwksSettings } from './tenants/jwks-settings.js';
import { OneHanko } from './tenants/one-hanko.js';
import { TenantHankos } from './tenants/tenant-hankos.js';
import { TenantParts } from './tenants/tenant-parts.js';
import { tenantsHaveKeys } from './tenants/tenants-have-keys.js';
import { StaticJwks } from './jwks/static-jwks.js';
import { atFirstRefusal, loadRpcException, loadWsException } from './transports/nest-exceptions.js';
import type { HankoTransport } from './transports/transport.js';
import { allTransports, builtInTransports } from './transports/transports.js';
import { UpgradeRequests } from './transports/upgrade-requests.js';
import { SessionTokenVerifier } from './verification/session-token.verifier.js';

/** Provides `HANKO_JWKS`, the keys that the options ask for: the app's own, pinned ones, or Hanko's. */
export const hankoJwksProvider: FactoryProvider<JwksProvider> = {
  provide: HANKO_JWKS,
  inject: [HANKO_OPTIONS],
  useFactory: createJwks,
};

export async function createJwks(options: ResolvedHankoOptions): Promise<JwksProvider> {
  const { jwks, tenants } = options;
  if (tenants !== null) return tenantsHaveKeys;
  if (jwks !== null) return 'getKey' in jwks ? jwks : StaticJwks.from(jwks);
  return new RemoteJwks(jwksSettings(options));
}

/** Provides `Hankos`, which decides whose tokens are accepted. */
export const hankosProvider: FactoryProvider<Hankos> = {
  provide: Hankos,
  inject: [
    HANKO_OPTIONS,
    HANKO_JWKS,
    SessionTokenVerifier,
    SessionLiveness,
    HankoRevocation,
    TenantParts,
  ],
  useFactory: createHankos,
};

export function createHankos(
  options: ResolvedHankoOptions,
  jwks: JwksProvider,
  verifier: SessionTokenVerifier,
  liveness: SessionLiveness,
  revocation: HankoRevocation,
  parts: TenantParts,
): Hankos {
  const { tenants } = options;
  if (tenants !== null) return new TenantHankos(options, tenants, parts, revocation);
  // What one route learned from Hanko, all know, whatever their policy.
  liveness.onEnded((user) => revocation.noteEnded(user));
  return new OneHanko(options, jwks, verifier, liveness);
}

/** Provides `HANKO_TRANSPORTS`, the ways in which calls reach the app: its own first. */
export const hankoTransportsProvider: FactoryProvider<readonly HankoTransport[]> = {
  provide: HANKO_TRANSPORTS,
  inject: [HANKO_OPTIONS, ModulesContainer, UpgradeRequests],
  useFactory: createTransports,
};

async function createTransports(
  { transports }: ResolvedHankoOptions,
  modules: ModulesContainer,
  upgrades: UpgradeRequests,
): Promise<readonly HankoTransport[]> {
  const builtIn = builtInTransports({
    handshakeOfSocket: (socket) => upgrades.of(socket),
    wsException: hasGateways(modules) ? await loadWsException() : atFirstRefusal(loadWsException),
    rpcException: hasMessageHandlers(modules)
      ? await loadRpcException()
      : atFirstRefusal(loadRpcException),
  });
  return allTransports(transports, builtIn);
}
