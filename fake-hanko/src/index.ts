export { FakeHanko } from './fake-hanko.js';
export type { FakeTenant } from './fake-tenant.js';
export { FORGERIES } from './tokens/forgeries.js';

export type { FakeHankoConfig } from './config/given-config.js';
export type { FakeHankoOptions, FakeWebhook } from './options.js';
export type { FakeMail, FakeSession, FakeUser, NewFakeUser } from './store/records.js';
export type { FakeStorageState } from './storage-state.js';
export type { FaultKind, FaultOptions } from './server/faults.js';
export type { Forgery } from './tokens/forgeries.js';
export type { PublicJwk } from './tokens/keys.js';
export type { RawToken, TokenShape, WebhookShape } from './tokens/shapes.js';
export type { LoggedRequest } from './server/http-server.js';
export type { FakePasskey } from './webauthn/new-passkey.js';
export type { WebhookDelivery } from './webhooks/webhook-sender.js';
