import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { hasGateways, hasMessageHandlers } from './discovery/app-classes.js';
import { HANKO_JWKS, HANKO_OPTIONS, HANKO_TRANSPORTS } from './hanko.constants.js';
import type { ResolvedHankoOptions } from './options/hanko-options.js';
import type { JwksProvider } from './jwks/jwks-provider.js';
import { RemoteJwks } from './jwks/remote-jwks.js';
import { StaticJwks } from './jwks/static-jwks.js';
import { atFirstRefusal, loadRpcException, loadWsException } from './transports/nest-exceptions.js';
import type { HankoTransport } from './transports/transport.js';
import { allTransports, builtInTransports } from './transports/transports.js';
import { UpgradeRequests } from './transports/upgrade-requests.js';
import { unusedProxyVariable } from './util/process-environment.js';

/** Provides `HANKO_JWKS`, the keys that the options ask for: the app's own, pinned ones, or Hanko's. */
export const hankoJwksProvider: FactoryProvider<JwksProvider> = {
  provide: HANKO_JWKS,
  inject: [HANKO_OPTIONS],
  useFactory: createJwks,
};

export async function createJwks(options: ResolvedHankoOptions): Promise<JwksProvider> {
  const { jwks, apiUrl } = options;
  if (jwks !== null) return 'getKey' in jwks ? jwks : StaticJwks.from(jwks);
  return new RemoteJwks({
    url: `${apiUrl}/.well-known/jwks.json`,
    fetch: options.fetch,
    now: options.now,
    timeoutMs: options.jwksTimeoutMs,
    maxBytes: options.jwksMaxBytes,
    cacheSeconds: options.jwksCacheSeconds,
    cooldownSeconds: options.jwksCooldownSeconds,
    staleIfErrorSeconds: options.jwksStaleIfErrorSeconds,
    proxyVariable: options.fetch === null ? unusedProxyVariable() : null,
  });
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
