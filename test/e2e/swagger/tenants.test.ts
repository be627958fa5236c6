import { Controller, Get } from '@nestjs/common';
import {
  CurrentUser,
  HankoModule,
  type HankoTenantsOptions,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, type RunningApp, send, startApp } from '../../support/app.js';
import { documentOf, invalidities, type Operation, operationsOf } from '../../support/openapi.js';
import { acme, apiUrl, byHeader, TENANT, useTenants } from '../../support/tenants.js';

@Controller()
class NotesController {
  @RequireAuth()
  @Get('notes')
  notes(@CurrentUser('id') id: string): string {
    return id;
  }

  @Public()
  @Get('open')
  open(): string {
    return 'open';
  }
}

useTenants();

const startWith = (tenants: Partial<HankoTenantsOptions>): Promise<RunningApp> =>
  startApp('Express', {
    imports: [
      HankoModule.forRoot({ apiUrl, audience: null, tenants: { resolve: byHeader, ...tenants } }),
    ],
    controllers: [NotesController],
  });

const codesOf = ({ responses }: Operation): readonly string[] =>
  Object.values(responses).flatMap(({ content }) =>
    Object.keys(content?.['application/json'].examples ?? {}),
  );

describe('an OpenAPI document of an app with tenants', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startWith({});
  });
  afterAll(() => running.app.close());

  it('tells of 404 where a tenant is needed, and the app answers so', async () => {
    const document = documentOf(running.app);
    expect(await invalidities(document)).toEqual([]);
    const { 'GET /notes': notes, 'GET /open': open } = operationsOf(document);
    expect(Object.keys(notes?.responses ?? {})).toContain('404');
    expect(notes?.responses['404']?.description).toBe('There is no such tenant');
    expect(Object.keys(open?.responses ?? {})).not.toContain('404');

    const fields = bearer(await acme.token());
    expect(await send(`${running.url}/notes`, fields)).toBeRefused('tenant_unknown');
    expect((await send(`${running.url}/notes`, { ...fields, [TENANT]: 'x y' })).status).toBe(404);
  });

  it('tells of another audience and issuer if trust() may name one', async () => {
    const own = ['token_audience_mismatch', 'token_issuer_mismatch'];
    const codes = codesOf(operationsOf(documentOf(running.app))['GET /notes'] as Operation);
    for (const code of own) expect(codes).not.toContain(code);
    const { app } = await startWith({ trust: () => ({}) });
    expect(codesOf(operationsOf(documentOf(app))['GET /notes'] as Operation)).toEqual(
      expect.arrayContaining(own),
    );
    await app.close();
  });
});
