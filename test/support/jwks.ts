import type { webcrypto } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { Logger } from '@nestjs/common';
import { HANKO_CHANNELS, type HankoJwksMessage } from 'nestjs-hanko';
import { RemoteJwks, type RemoteJwksSettings } from '../../lib/jwks/remote-jwks.js';

/** The class of the platform, which @types/node does not declare as a global. */
export const { CryptoKey } = globalThis as unknown as { CryptoKey: new () => webcrypto.CryptoKey };

/** The settings that the options' defaults give. */
export function createRemoteJwks(
  settings: Partial<RemoteJwksSettings> & Pick<RemoteJwksSettings, 'url' | 'now'>,
): RemoteJwks {
  return new RemoteJwks({
    fetch: null,
    timeoutMs: 5_000,
    maxBytes: 262_144,
    cacheSeconds: 600,
    cooldownSeconds: 30,
    staleIfErrorSeconds: 86_400,
    proxyVariable: null,
    ...settings,
  });
}

/** A `fetch` that counts its calls. */
export class CountingFetch {
  calls = 0;

  readonly fetch: typeof globalThis.fetch = (input, init) => {
    this.calls += 1;
    return globalThis.fetch(input, init);
  };
}

/** Something that is waited for until the test lets it happen. */
export class Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;

  constructor() {
    let open = (): void => undefined;
    this.opened = new Promise((resolve) => {
      open = resolve;
    });
    this.open = open;
  }
}

/** What operators see of the JWKS: the messages of the diagnostics channel and the log. */
export class JwksObserver {
  readonly messages: HankoJwksMessage[] = [];
  readonly log: string[] = [];
  private waiting: ((message: HankoJwksMessage) => void)[] = [];

  constructor() {
    subscribe(HANKO_CHANNELS.jwks, (message) => {
      this.messages.push(message as HankoJwksMessage);
      for (const resolve of this.waiting) resolve(message as HankoJwksMessage);
      this.waiting = [];
    });
    const write =
      (level: string) =>
      (...words: unknown[]): void => {
        this.log.push([level, ...words].map(String).join(' '));
      };
    Logger.overrideLogger({ log: write('log'), warn: write('warn'), error: write('error') });
  }

  clear(): void {
    this.messages.length = 0;
    this.log.length = 0;
  }

  /** Resolves once the next fetch that ends has ended, with what was said about it. */
  async nextFetch(): Promise<HankoJwksMessage> {
    const message = await new Promise<HankoJwksMessage>((resolve) => {
      this.waiting.push(resolve);
    });
    await turn();
    return message;
  }
}

/** Lets everything that is ready run. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
