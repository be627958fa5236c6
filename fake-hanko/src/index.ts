export { FakeHanko } from './fake-hanko.js';
export { FORGERIES } from './forgeries.js';

export type { FakeHankoOptions, FakeWebhook } from './options.js';
export type { FakeSession, FakeUser, NewFakeUser } from './directory.js';
export type { FaultKind, FaultOptions } from './faults.js';
export type { Forgery } from './forgeries.js';
export type { PublicJwk } from './signing-keys.js';
export type { RawToken, TokenShape, WebhookShape } from './tokens.js';
export type { LoggedRequest } from './http-server.js';
export type { WebhookDelivery } from './webhooks.js';
