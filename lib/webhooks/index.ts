export { HankoWebhooksModule } from './hanko-webhooks.module.js';
export { OnHankoEvent } from './on-hanko-event.decorator.js';

export type { HankoWebhooksModuleAsyncOptions } from './hanko-webhooks.module.js';
export type { HankoWebhooksOptions } from './webhook-options.js';
export type {
  HankoEvent,
  HankoEventGroup,
  HankoEventName,
  HankoEventPayloads,
  HankoWebhookEmail,
  HankoWebhookSession,
  HankoWebhookUser,
} from './hanko-events.js';
