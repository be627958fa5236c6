import { randomBytes } from 'node:crypto';
import { BoundedMap } from './bounded-map.js';
import { UUID } from '../check.js';
import { parseDuration } from '../config/duration.js';
import type { HankoConfig } from '../config/schema.js';

const MAX_DEVICES = 1000;
const TOKEN_BYTES = 64;

interface Entry {
  readonly userId: string;
  readonly token: string;
}

/** Browsers that need no second factor, by a cookie that names who trusts them (hanko backend/flow_api/services/device_trust.go). */
export class TrustedDevices {
  private readonly devices = new BoundedMap<string, { userId: string; expiresAt: number }>(
    MAX_DEVICES,
  );

  constructor(
    private readonly now: () => number,
    private readonly settings: HankoConfig['mfa'],
  ) {}

  get cookieName(): string {
    return this.settings.device_trust_cookie_name;
  }

  isTrusted(userId: string, cookie: string | undefined): boolean {
    if (this.settings.device_trust_policy === 'never') return false;
    return entriesOf(cookie).some((entry) => {
      const device = this.devices.get(entry.token);
      return entry.userId === userId && device?.userId === userId && this.now() < device.expiresAt;
    });
  }

  /**
   * @param cookie that of other users of the browser, who go on to trust it.
   * @returns the field that sets the cookie.
   */
  trust(userId: string, cookie: string | undefined): string {
    const { device_trust_duration, device_trust_max_users_per_device: most } = this.settings;
    const lifeMs = parseDuration(device_trust_duration) ?? 0;
    const token = randomBytes(TOKEN_BYTES)
      .toString('base64')
      .replaceAll('+', '-')
      .replaceAll('/', '_');
    if (lifeMs > 0) this.devices.set(token, { userId, expiresAt: this.now() + lifeMs });
    const others = entriesOf(cookie).filter((entry) => entry.userId !== userId);
    const entries = [{ userId, token }, ...others].slice(0, most || 20);
    const value = entries.map((entry) => `${entry.userId}:${entry.token}`).join('|');
    const maxAge = Math.floor(lifeMs / 1000);
    // Whatever the session's cookie is like.
    return `${this.cookieName}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; Secure; SameSite=None`;
  }
}

/** What is no entry is passed over. */
function entriesOf(cookie = ''): readonly Entry[] {
  return cookie.split('|').flatMap((part) => {
    const [userId = '', ...token] = part.split(':');
    return UUID.test(userId) && token.length > 0
      ? [{ userId: userId.toLowerCase(), token: token.join(':') }]
      : [];
  });
}
