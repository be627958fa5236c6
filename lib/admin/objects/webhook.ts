import { present, Reader } from '../reader.js';

/** A webhook that is stored in Hanko's database. */
export interface HankoAdminWebhook {
  /** UUID of this webhook. */
  readonly id: string;
  /** URL that Hanko posts to. */
  readonly callback: string;
  /** Whether Hanko uses it. It disables one that fails six times in a row. */
  readonly isEnabled: boolean;
  /** Number of failures since the last success. */
  readonly failures: number;
  /** When Hanko stops using it, if the server is configured so. */
  readonly expiresAt?: Date;
  /** Names of events and of groups of them, such as `user` or `session.delete`. */
  readonly events: readonly string[];
  /** Time of its creation. */
  readonly createdAt: Date;
  /** Time of its last change. */
  readonly updatedAt: Date;
}

/** A webhook of the server's configuration file: it cannot be changed here. */
export interface HankoAdminConfiguredWebhook {
  /** URL that Hanko posts to. */
  readonly callback: string;
  /** Names of events and of groups of them, such as `user`. */
  readonly events: readonly string[];
}

/** All webhooks of a Hanko. */
export interface HankoAdminWebhooks {
  /** Webhooks in Hanko's database, which the Admin API changes. */
  readonly stored: readonly HankoAdminWebhook[];
  /** Webhooks of the server's configuration file; empty if there are none. */
  readonly configured: readonly HankoAdminConfiguredWebhook[];
}

export function readWebhook(json: unknown): HankoAdminWebhook {
  const webhook = new Reader(json, 'webhook');
  return present({
    id: webhook.uuid('id'),
    callback: webhook.text('callback'),
    isEnabled: webhook.flag('enabled'),
    failures: webhook.number('failures'),
    expiresAt: webhook.optionalDate('expires_at'),
    events: webhook.list('events', readEvent),
    createdAt: webhook.date('created_at'),
    updatedAt: webhook.date('updated_at'),
  });
}

export function readWebhooks(json: unknown): HankoAdminWebhooks {
  const webhooks = new Reader(json, 'webhooks');
  return {
    stored: webhooks.list('database', readWebhook),
    configured: webhooks.list('config', readConfigured),
  };
}

/** Requests take texts, replies have objects. */
const readEvent = (json: unknown): string =>
  typeof json === 'string' ? json : new Reader(json, 'event').text('event');

function readConfigured(json: unknown): HankoAdminConfiguredWebhook {
  const webhook = new Reader(json, 'webhook');
  return { callback: webhook.text('callback'), events: webhook.list('events', readEvent) };
}
