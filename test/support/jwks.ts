import type { webcrypto } from 'node:crypto';
import { HANKO_CHANNELS, type HankoJwksMessage } from 'nestjs-hanko';
import { RemoteJwks } from '../../lib/jwks/remote-jwks.js';
import type { RemoteJwksSettings } from '../../lib/jwks/remote-jwks-settings.js';
import { ChannelObserver } from './channel-observer.js';

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

/** What operators see of the JWKS. */
export class JwksObserver extends ChannelObserver<HankoJwksMessage> {
  private readonly waiting: ((message: HankoJwksMessage) => void)[] = [];

  constructor() {
    super(HANKO_CHANNELS.jwks);
  }

  /** Resolves once the next fetch that ends has ended, with what was said about it. */
  async nextFetch(): Promise<HankoJwksMessage> {
    const message = await new Promise<HankoJwksMessage>((resolve) => {
      this.waiting.push(resolve);
    });
    await turn();
    return message;
  }

  protected override see(message: HankoJwksMessage): void {
    super.see(message);
    for (const resolve of this.waiting.splice(0)) resolve(message);
  }
}

/** Lets everything that is ready run. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
