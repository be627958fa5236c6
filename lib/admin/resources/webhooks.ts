import type { AdminClient } from '../admin-client.js';
import { bodyOf, FLAG, listOfSome, required, TEXT, text, uuid } from '../arguments.js';
import {
  type HankoAdminWebhook,
  type HankoAdminWebhooks,
  readWebhook,
  readWebhooks,
} from '../objects/webhook.js';

/** Argument of `webhooks.create()`: a new webhook. */
export interface HankoNewWebhook {
  /** URL that Hanko posts to. */
  readonly callback: string;
  /** Names of events or of groups of them, at least one. Hanko 3.0.4 and older refuse those of sessions. */
  readonly events: readonly string[];
}

/** Argument of `webhooks.update()`: all of it, as it replaces what was there. */
export interface HankoWebhookChanges extends HankoNewWebhook {
  /** Whether Hanko uses it; true also enables one that it disabled after failures. */
  readonly isEnabled: boolean;
}

const NEW_WEBHOOK = {
  callback: required({ name: 'callback', ...TEXT }),
  events: required({
    name: 'events',
    ...listOfSome('a list of names of events that is not empty', (name, path) => text(path, name)),
  }),
};

const CHANGES = { ...NEW_WEBHOOK, isEnabled: required({ name: 'enabled', ...FLAG }) };

/** Webhooks of a Hanko: `admin.webhooks`. */
export class HankoAdminWebhooksResource {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /**
   * All webhooks, stored and configured ones.
   * @throws HankoAdminError any of its codes
   */
  async list(): Promise<HankoAdminWebhooks> {
    const { json } = await this.client.call({ method: 'GET', path: ['webhooks'] });
    return readWebhooks(json);
  }

  /**
   * One that is stored.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(id: string): Promise<HankoAdminWebhook> {
    const { json } = await this.client.call({ method: 'GET', path: pathOf(id) });
    return readWebhook(json);
  }

  /**
   * Stores a webhook in Hanko's database. It is active at once, also where the server's configuration says `webhooks.enabled: false`.
   * @throws HankoAdminError `invalid` for an event that this Hanko does not have, and any other of its codes
   * @throws TypeError for a wrong member
   */
  async create(webhook: HankoNewWebhook): Promise<HankoAdminWebhook> {
    const body = bodyOf('webhooks.create()', webhook, NEW_WEBHOOK);
    const { json } = await this.client.call({ method: 'POST', path: ['webhooks'], body });
    return readWebhook(json);
  }

  /**
   * Replaces a webhook, its list of events included.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for a wrong or missing member
   */
  async update(id: string, webhook: HankoWebhookChanges): Promise<HankoAdminWebhook> {
    const body = bodyOf('webhooks.update()', webhook, CHANGES);
    const { json } = await this.client.call({ method: 'PUT', path: pathOf(id), body });
    return readWebhook(json);
  }

  /**
   * Deletes a webhook that is stored.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async delete(id: string): Promise<void> {
    await this.client.call({ method: 'DELETE', path: pathOf(id), isDeletion: true });
  }
}

const pathOf = (id: string): readonly string[] => ['webhooks', uuid('id', id)];
