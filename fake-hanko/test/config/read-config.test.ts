import { expect, it } from 'vitest';
import { parseDuration } from '../../src/config/duration.js';
import { readConfig } from '../../src/config/read-config.js';

it('has the defaults of an unconfigured Hanko for what is missing', () => {
  const config = readConfig({ mfa: { totp: { enabled: false } } });
  expect(config.mfa).toMatchObject({
    enabled: true,
    device_trust_policy: 'prompt',
    device_trust_duration: '720h',
    totp: { enabled: false },
  });
  expect(config.password).toEqual({
    acquire_on_login: 'never',
    acquire_on_registration: 'always',
    enabled: true,
    min_length: 8,
    optional: false,
    recovery: true,
  });
  expect(config.third_party).toMatchObject({ allowed_redirect_urls: [], custom_providers: {} });
});

it('reads sections under names of their own', () => {
  const given = { third_party: { custom_providers: { keycloak: { enabled: true } } } };
  expect(readConfig(given).third_party.custom_providers).toEqual({
    keycloak: { allow_linking: false, client_id: '', display_name: '', enabled: true, secret: '' },
  });
});

it.each([
  [{ mfa: { enable: true } }, 'config.mfa.enable is not a key that FakeHanko understands'],
  [{ toString: {} }, 'config.toString is not a key that FakeHanko understands'],
  [JSON.parse('{"__proto__": {}}'), 'config.__proto__ is not a key that FakeHanko understands'],
  [{ mfa: true }, 'config.mfa must be an object'],
  [null, 'config must be an object'],
  [{ mfa: { enabled: 'yes' } }, 'config.mfa.enabled must be true or false'],
  [{ mfa: { device_trust_duration: '30 days' } }, 'config.mfa.device_trust_duration must be a dur'],
  [
    { mfa: { device_trust_policy: 'maybe' } },
    'config.mfa.device_trust_policy must be prompt or always or never',
  ],
  [{ email: { limit: -1 } }, 'config.email.limit must be a whole number, 0 or above'],
  [{ service: { name: 1 } }, 'config.service.name must be text'],
  [
    { third_party: { allowed_redirect_urls: 'http://localhost' } },
    'config.third_party.allowed_redirect_urls must be a list of texts',
  ],
  [
    { third_party: { custom_providers: { keycloak: { enabld: true } } } },
    'config.third_party.custom_providers.keycloak.enabld is not a key',
  ],
])('names what it does not understand: %j', (given, message) => {
  expect(() => readConfig(given)).toThrow(message);
});

it.each([
  ['12h', 43_200_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['20ms', 20],
  ['0', 0],
  ['0m', 0],
  ['12', null],
  ['', null],
  ['h', null],
  ['1d', null],
])('reads a duration as Go does: %j', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});
