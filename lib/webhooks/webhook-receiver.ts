import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { publishWebhook } from '../diagnostics/channels.js';
import { LimitedLog } from '../diagnostics/limited-log.js';
import { isHankoError } from '../errors/hanko.errors.js';
import { HANKO_JWKS, HANKO_OPTIONS, HANKO_WEBHOOKS_OPTIONS } from '../hanko.constants.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { isObject } from '../util/value-checks.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import { Deliveries } from './deliveries.js';
import { EventHandlers } from './event-handlers.js';
import type { HankoEvent } from './hanko-events.js';
import { BodyError, type MaybeParsed, readJson } from './request-body.js';
import { requireForWebhooks } from '../auth/require-hanko-module.js';
import { feedRevocation } from './revocation-feed.js';
import type { ResolvedWebhooksOptions } from './webhook-options.js';
import { MAX_REPLAY_MS, WebhookTokenVerifier } from './webhook-token.verifier.js';

/** What Hanko is answered. It looks at the status only: 400 and above count as failures. */
interface Answer {
  readonly status: number;
  readonly code: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const DONE: Answer = { status: 200, code: 'ok' };
const INVALID: Answer = { status: 400, code: 'webhook_invalid' };
const FAILED: Answer = { status: 500, code: 'webhook_handler_failed' };

/**
 * Receives Hanko's webhooks: verifies, revokes, then calls handlers; a replay has no effect. It is middleware,
 * so the guards of the app do not run for it: the signature is its guard.
 */
@Injectable()
export class WebhookReceiver {
  private readonly logger = new Logger('HankoWebhooks');
  private readonly log = new LimitedLog(
    (line) => this.logger.warn(line),
    'deliveries were refused',
  );
  private readonly verifier: WebhookTokenVerifier;
  private readonly deliveries: Deliveries<Answer>;
  private readonly revocation: HankoRevocation;
  private readonly now: () => number;

  constructor(
    @Inject(HANKO_WEBHOOKS_OPTIONS) private readonly options: ResolvedWebhooksOptions,
    @Optional() @Inject(HANKO_OPTIONS) hanko: ResolvedHankoOptions,
    @Optional() @Inject(HANKO_JWKS) jwks: JwksProvider,
    @Optional() @Inject(HankoRevocation) revocation: HankoRevocation,
    @Inject(EventHandlers) private readonly handlers: EventHandlers,
  ) {
    this.revocation = requireForWebhooks(revocation);
    this.now = hanko.now;
    this.verifier = new WebhookTokenVerifier(hanko, jwks, options.maxBodyBytes);
    this.deliveries = new Deliveries(MAX_REPLAY_MS, hanko.now);
  }

  /** Answers by itself, whatever happens: no filter of the app gets to see it. */
  async handle(request: MaybeParsed, response: ServerResponse): Promise<void> {
    const { status, code, headers } = await this.answer(request);
    // What is left of a body that was cut off is not read.
    if (!request.readableEnded) response.setHeader('Connection', 'close');
    response
      .writeHead(status, { 'Content-Type': 'application/json', ...headers })
      .end(JSON.stringify({ statusCode: status, code }));
  }

  private async answer(request: MaybeParsed): Promise<Answer> {
    try {
      const { token, name } = envelope(await readJson(request, this.options.maxBodyBytes));
      const { event, verifySignature } = this.verifier.read(token);
      // The outer name is not signed.
      if (name !== event.name) {
        throw new BodyError(400, 'The event beside the token is not the one in it');
      }
      // Two texts are never the same token: only canonical base64url was let through.
      const id = createHash('sha256').update(token).digest('base64');
      const before = this.deliveries.get(id);
      if (before !== undefined) return await this.onReplay(before, event);
      await verifySignature();
      // Another one may have come while the signature was verified.
      const meanwhile = this.deliveries.get(id);
      if (meanwhile !== undefined) return await this.onReplay(meanwhile, event);
      const result = this.processOnce(id, event);
      this.deliveries.add(id, result);
      const answer = await result;
      if (answer.status !== 200) this.deliveries.forget(id);
      return answer;
    } catch (error) {
      return this.refuse(error);
    }
  }

  private async onReplay(before: Promise<Answer>, { name }: HankoEvent): Promise<Answer> {
    publishWebhook({ outcome: 'replay', event: name });
    return before;
  }

  /** Never rejects. */
  private async processOnce(id: string, event: HankoEvent): Promise<Answer> {
    try {
      // First, and here at least, whatever the store does: Hanko never sends again.
      await feedRevocation(event, this.revocation, this.options);
      // Handlers run once among the instances that share a store.
      if (await this.revocation.recalls(id))
        return await this.onReplay(Promise.resolve(DONE), event);
      const answer = await this.process(event);
      // That it failed is in the log; what the handlers did is done.
      if (answer.status === 200) {
        await this.revocation.remember(id, this.now() + MAX_REPLAY_MS).catch(() => undefined);
      }
      return answer;
    } catch (error) {
      return this.refuse(error);
    }
  }

  private async process(event: HankoEvent): Promise<Answer> {
    const handled = this.callHandlers(event);
    if (this.options.answer === 'before') return DONE;
    return (await handled) ? DONE : FAILED;
  }

  private async callHandlers(event: HankoEvent): Promise<boolean> {
    const { handlerTimeoutMs } = this.options;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => {
        this.logger.error(`Handlers of ${event.name} were not done after ${handlerTimeoutMs} ms`);
        resolve(false);
      }, handlerTimeoutMs);
    });
    const isGood = await Promise.race([this.handlers.call(event), timeout]);
    clearTimeout(timer);
    publishWebhook({ outcome: isGood ? 'done' : 'failed', event: event.name });
    return isGood;
  }

  private refuse(error: unknown): Answer {
    const isOurs = isHankoError(error) && error.code !== 'configuration_invalid';
    const reason = isOurs
      ? error.reason
      : error instanceof BodyError
        ? error.message
        : 'unexpected error';
    this.log.write(() => `A delivery was refused: ${reason}`);
    publishWebhook({ outcome: 'refused', reason });
    if (isOurs && error.code === 'hanko_unavailable') {
      return { status: 503, code: error.code, headers: error.headers };
    }
    if (error instanceof BodyError) return { ...INVALID, status: error.status };
    return isOurs ? INVALID : { status: 500, code: 'webhook_failed' };
  }
}

/** @throws BodyError */
function envelope(body: unknown): { readonly token: string; readonly name: string } {
  const { token, event } = isObject(body) ? body : {};
  if (typeof token !== 'string' || typeof event !== 'string') {
    throw new BodyError(400, 'The body is not { token, event }');
  }
  return { token, name: event };
}
