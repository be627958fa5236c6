import { Controller, type DynamicModule, Get, Module, Req, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoModule,
  type HankoModuleOptions,
  type HankoUser,
  Public,
} from 'nestjs-hanko';
import { TENANT } from '../isolated/http-context.js';
import { type Contender, type HankoSettings, PLATFORMS } from './contender.js';

@Controller()
class MeController {
  @Get('me')
  me(@CurrentUser('id') id: string) {
    return { id };
  }

  @Public()
  @Get('ping')
  ping() {
    return { ok: true };
  }
}

/** Reads the user off the request, as the apps of the other libraries do: then what differs is the guard. */
@Controller()
class RequestController {
  @Get('me')
  me(@Req() request: { user: HankoUser }) {
    return { id: request.user.id };
  }

  @Public()
  @Get('ping')
  ping() {
    return { ok: true };
  }
}

@Module({})
class ProtectedModule {}

function app(
  hanko: HankoSettings,
  options: HankoModuleOptions,
  controller: Type = MeController,
): DynamicModule {
  const { apiUrl, issuer, audience } = hanko;
  return {
    module: ProtectedModule,
    imports: [HankoModule.forRoot({ apiUrl, issuer, audience, ...options })],
    controllers: [controller],
    providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
  };
}

const common = { platforms: PLATFORMS, verifies: true, guard: HankoAuthGuard } as const;

/** As its README sets it up: one guard for the whole app, and a public route. */
export const nestjsHanko: Contender = {
  ...common,
  id: 'nestjs-hanko',
  name: '**nestjs-hanko**',
  credential: 'bearer',
  app: (hanko) => app(hanko, {}),
};

export const nestjsHankoRequest: Contender = {
  ...common,
  id: 'nestjs-hanko-request',
  name: '**nestjs-hanko**, `request.user`',
  credential: 'bearer',
  app: (hanko) => app(hanko, {}, RequestController),
};

export const nestjsHankoCookie: Contender = {
  ...common,
  id: 'nestjs-hanko-cookie',
  name: '**nestjs-hanko**, cookie',
  credential: 'cookie',
  app: (hanko) => app(hanko, {}),
};

export const nestjsHankoNoCache: Contender = {
  ...common,
  id: 'nestjs-hanko-no-cache',
  name: '**nestjs-hanko**, `signatureCache: false`',
  credential: 'bearer',
  app: (hanko) => app(hanko, { signatureCache: false }),
};

/** With room for as many tokens as a scenario holds. */
export const nestjsHankoLargeCache: Contender = {
  ...common,
  id: 'nestjs-hanko-large-cache',
  name: '**nestjs-hanko**, `signatureCache` with room for all',
  credential: 'bearer',
  app: (hanko) => app(hanko, { signatureCache: { maxEntries: 200_000, maxBytes: 1_000_000_000 } }),
};

/** Hanko is asked about each session once a minute. */
export const nestjsHankoRefresh: Contender = {
  ...common,
  id: 'nestjs-hanko-refresh',
  name: '**nestjs-hanko**, `session: { refreshSeconds: 60 }`',
  credential: 'bearer',
  app: (hanko) => app(hanko, { session: { refreshSeconds: 60 } }),
};

/** The same without the parameter. */
export const nestjsHankoRefreshRequest: Contender = {
  ...common,
  id: 'nestjs-hanko-refresh-request',
  name: '**nestjs-hanko**, `session: { refreshSeconds: 60 }`, `request.user`',
  credential: 'bearer',
  app: (hanko) => app(hanko, { session: { refreshSeconds: 60 } }, RequestController),
};

/** Hanko is asked on each request. */
export const nestjsHankoOnline: Contender = {
  ...common,
  id: 'nestjs-hanko-online',
  name: "**nestjs-hanko**, `session: 'online'`",
  credential: 'bearer',
  app: (hanko) => app(hanko, { session: 'online' }),
};

/** The same, and goes by the token while Hanko does not answer. */
export const nestjsHankoOnlineAccept: Contender = {
  ...common,
  id: 'nestjs-hanko-online-accept',
  name: "**nestjs-hanko**, `session: 'online'`, `onUnavailable: 'accept'`",
  credential: 'bearer',
  app: (hanko) => app(hanko, { session: 'online', onUnavailable: 'accept' }),
};

const tenants: HankoModuleOptions['tenants'] = {
  resolve: ({ headers }) => String(headers[TENANT]),
};

/** Each tenant has keys of its own at an address of its own; the request names it. */
export const nestjsHankoTenants: Contender = {
  ...common,
  id: 'nestjs-hanko-tenants',
  name: '**nestjs-hanko**, `tenants`',
  credential: 'bearer',
  app: (hanko) => app(hanko, { tenants }),
};

/** The same, and each tenant's Hanko is asked about its sessions. */
export const nestjsHankoTenantsRefresh: Contender = {
  ...common,
  id: 'nestjs-hanko-tenants-refresh',
  name: '**nestjs-hanko**, `tenants`, `session: { refreshSeconds: 60 }`',
  credential: 'bearer',
  app: (hanko) => app(hanko, { tenants, session: { refreshSeconds: 60 } }),
};
