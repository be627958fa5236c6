import * as common from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { CapturedLog } from './log.js';

/** Nest 11 does not run global guards for gateways. */
export const IS_NEST_11 = !('StandardSchemaValidationPipe' in common);

let hanko: FakeHanko;
export let token: string;
export let userId: string;

export const hankoModule = () => HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' });
export const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

/** Names of the handlers that ran. */
export let ran: string[] = [];

export const run = (name: string, value: unknown = name): unknown => {
  ran.push(name);
  return value;
};

/** Lines about handlers that cannot be authenticated. */
export const refusedHandlers = (lines: readonly string[]): string[] =>
  lines.map((line) => /^(\S+) is a "(\w+)" handler/.exec(line)?.slice(1).join(' ') ?? line);

/** Warnings about handlers that anyone can call. */
export const unprotected = (log: CapturedLog): string[] =>
  log.messages('warn').filter((line) => /anyone can call it|No HankoAuthGuard runs/.test(line));

/** To be called once in a file of tests. */
export function useMessageHanko(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start();
    userId = hanko.createUser().id;
    token = await hanko.token({ user: userId });
  });
  afterAll(() => hanko.stop());
  beforeEach(() => {
    ran = [];
  });
}
