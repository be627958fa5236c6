import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, Optional } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ofTenant, publishWebhook } from '../diagnostics/channels.js';
import { LimitedLog } from '../diagnostics/limited-log.js';
import { HankoConfigurationError, HankoTenantError, isHankoError } from '../errors/hanko.errors.js';
import { logDetailOf } from '../errors/log-detail.js';
import { HANKO_OPTIONS, HANKO_WEBHOOKS_OPTIONS } from '../hanko.constants.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { Hanko } from '../tenants/hanko.js';
import { Hankos } from '../tenants/hankos.js';
import { isObject } from '../util/value-checks.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import { DeliveriesOfTenants, type Delivery } from './deliveries.js';
import { requireForWebhooks } from '../auth/require-hanko-module.js';
import { EventHandlers } from './event-handlers.js';
import { HandlerCalls } from './call-handlers-once.js';
import type { HankoEvent } from './hanko-events.js';
import { bodyParsersOf, refusesBody } from './parser-check.js';
import { BodyError, isParsed, type MaybeParsed, readJson } from './request-body.js';
import { feedRevocation, UnusableEvent } from './revocation-feed.js';
import { SharedDeliveries } from './shared-deliveries.js';
import type { ResolvedWebhooksOptions } from './webhook-options.js';
import { TENANT_SEGMENT, tenantFinder } from './tenant-path.js';
import { replayWindowMs, WebhookTokenVerifier } from './webhook-token.verifier.js';

/** The response to Hanko, which looks at the status only: 400 and above count as failures. */
interface Answer {
  readonly status: number;
  readonly code: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const DONE: Answer = { status: 200, code: 'ok' };
const INVALID: Answer = { status: 400, code: 'webhook_invalid' };
const FAILED: Answer = { status: 500, code: 'webhook_handler_failed' };

/**
 * Receives Hanko's webhooks: verifies, revokes, then calls handlers; a replay has no effect. It is middleware, so the
 * guards of the app do not run for it: the signature protects it.
 */
@Injectable()
export class WebhookReceiver implements OnApplicationBootstrap {
  private readonly logger = new Logger('HankoWebhooks');
  private readonly log = new LimitedLog(
    (line) => this.logger.warn(line),
    'deliveries were refused',
  );
  private readonly deliveries: DeliveriesOfTenants<Answer>;
  private readonly tenantIn: (url: string) => string | null;
  private readonly calls: HandlerCalls;
  private readonly revocation: HankoRevocation;
  private readonly feedOptions: Parameters<typeof feedRevocation>[2];
  /** Warnings that were logged: each is logged once. */
  private readonly warned = new Set<string>();
  private isParserKnown = false;

  constructor(
    @Inject(HANKO_WEBHOOKS_OPTIONS) private readonly options: ResolvedWebhooksOptions,
    @Optional() @Inject(HANKO_OPTIONS) hanko: ResolvedHankoOptions,
    @Optional() @Inject(Hankos) private readonly hankos: Hankos,
    @Optional() @Inject(HankoRevocation) revocation: HankoRevocation,
    @Inject(EventHandlers) handlers: EventHandlers,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {
    this.revocation = requireForWebhooks(revocation);
    const { now, clockToleranceSeconds } = hanko;
    const { handlerTimeoutMs, path, revokeOnPasswordChange } = options;
    checkPath(path, hankos.hasTenants);
    this.tenantIn = tenantFinder(path);
    const ageMs = replayWindowMs(clockToleranceSeconds);
    const { storeClient } = revocation;
    this.deliveries = new DeliveriesOfTenants(ageMs, now);
    this.calls = new HandlerCalls(
      handlers,
      storeClient && new SharedDeliveries(storeClient, now, { claimMs: handlerTimeoutMs, ageMs }),
      handlerTimeoutMs,
    );
    this.feedOptions = {
      revokeOnPasswordChange,
      warn: (warning) => this.warnOnce(warning),
    };
  }

  /** Warns of a body parser that refuses webhooks before this receiver gets them: nothing else would log it. */
  async onApplicationBootstrap(): Promise<void> {
    const { maxBodyBytes } = this.options;
    const app: unknown = this.adapterHost.httpAdapter?.getInstance?.();
    const parsers = bodyParsersOf(app);
    this.isParserKnown = parsers.length > 0;
    const refusals = await Promise.all(parsers.map((parser) => refusesBody(parser, maxBodyBytes)));
    if (!refusals.includes(true)) return;
    this.warnOnce(
      `The body parser of the app answers 413 to webhooks that are smaller than maxBodyBytes (${maxBodyBytes}), ` +
        'before HankoWebhooksModule gets them, and Hanko does not send them again. Raise its limit in main.ts: ' +
        `app.useBodyParser('json', { limit: ${maxBodyBytes} }). Or lower maxBodyBytes to its limit.`,
    );
  }

  /** Always sends the response itself: exception filters of the app do not run. */
  async handle(request: MaybeParsed, response: ServerResponse): Promise<void> {
    const { status, code, headers } = await this.answer(request);
    // The rest of a body that is too large is not read.
    if (!request.readableEnded) response.setHeader('Connection', 'close');
    response
      .writeHead(status, { 'Content-Type': 'application/json', ...headers })
      .end(JSON.stringify({ statusCode: status, code }));
  }

  private async answer(request: MaybeParsed): Promise<Answer> {
    let tenantId: string | undefined;
    try {
      const hanko = await this.hankoOf(request);
      tenantId = hanko.tenantId;
      if (isParsed(request) && !this.isParserKnown) {
        this.warnOnce(
          'A body parser reads webhooks before HankoWebhooksModule does, so its limit counts and not maxBodyBytes. ' +
            'Deliveries that it refuses are lost: exclude this path from it, or raise its limit to maxBodyBytes.',
        );
      }
      const { token, name } = envelope(await readJson(request, this.options.maxBodyBytes));
      const verifier = new WebhookTokenVerifier(
        hanko.options,
        hanko.jwks,
        this.options.maxBodyBytes,
        tenantId,
      );
      const { event, verifySignature } = verifier.read(token);
      // The outer name is not signed.
      if (name !== event.name) {
        throw new BodyError(400, 'The event in the body differs from the event in the token');
      }
      const id = deliveryId(token, tenantId);
      const before = this.deliveries.get(tenantId, id)?.response;
      if (before) return await replay(before, event);
      await verifySignature();
      const delivery = this.deliveries.add(tenantId, id);
      // The same token may have come again while the signature was verified.
      if (delivery.response) return await replay(delivery.response, event);
      delivery.response = this.process(id, event, delivery);
      return await delivery.response;
    } catch (error) {
      return this.refuse(error, tenantId);
    }
  }

  /** @throws HankoTenantError, HankoUnavailableError */
  private async hankoOf(request: MaybeParsed): Promise<Hanko> {
    if (!this.hankos.hasTenants) return this.hankos.named(undefined, 'HankoWebhooksModule path');
    const { originalUrl, url = '' } = request as MaybeParsed & { readonly originalUrl?: unknown };
    const id = this.tenantIn(typeof originalUrl === 'string' ? originalUrl : url);
    if (id === null) throw new HankoTenantError('The address of the webhook names no tenant');
    return this.hankos.named(id, 'HankoWebhooksModule path');
  }

  /** Never rejects. If not everything was done, the same token is processed again when it comes again. */
  private async process(
    id: string,
    event: HankoEvent,
    delivery: Delivery<Answer>,
  ): Promise<Answer> {
    try {
      // First, because Hanko sends each webhook once: this instance revokes even if the store fails.
      await feedRevocation(event, this.revocation, this.feedOptions);
    } catch (error) {
      delivery.response = null;
      return this.refuse(error, event.tenantId);
    }
    const handled = this.calls.run(id, event, delivery.done).then((isDone) => {
      if (!isDone) delivery.response = null;
      return isDone ? DONE : FAILED;
    });
    return this.options.respond === 'beforeHandlers' ? DONE : handled;
  }

  private refuse(error: unknown, tenantId: string | undefined): Answer {
    const isOurs = isHankoError(error) && error.code !== 'configuration_invalid';
    const isUnusable = error instanceof UnusableEvent;
    const reason = isOurs
      ? error.reason
      : error instanceof BodyError || isUnusable
        ? error.message
        : 'unexpected error';
    if (isUnusable) this.warnOnce(reason);
    else
      this.log.write(() => `A delivery was refused: ${(isOurs && logDetailOf(error)) || reason}`);
    publishWebhook({ outcome: 'refused', ...ofTenant(tenantId), reason });
    if (isOurs && error.code === 'hanko_unavailable') {
      return { status: 503, code: error.code, headers: error.headers };
    }
    if (isOurs && error.code === 'tenant_unknown') return { status: 404, code: error.code };
    if (error instanceof BodyError) return { ...INVALID, status: error.status };
    return isOurs || isUnusable ? INVALID : { status: 500, code: 'webhook_failed' };
  }

  private warnOnce(warning: string): void {
    if (this.warned.has(warning) || this.warned.size >= MAX_WARNINGS) return;
    this.warned.add(warning);
    this.logger.warn(warning);
  }
}

/** The text identifies the token: only canonical base64url is accepted. Tenants that share a key share no deliveries. */
const deliveryId = (token: string, tenantId: string | undefined): string =>
  createHash('sha256')
    .update(tenantId === undefined ? token : `${tenantId} ${token}`)
    .digest('base64');

/** @throws HankoConfigurationError */
function checkPath(path: string, hasTenants: boolean): void {
  const segments = path.split('/').filter((segment) => segment === TENANT_SEGMENT).length;
  if (segments === (hasTenants ? 1 : 0)) return;
  throw new HankoConfigurationError([
    {
      path: 'HankoWebhooksModule path',
      hint: hasTenants
        ? "must have one segment :tenant in an app with the option tenants, such as 'webhooks/hanko/:tenant': Hanko does not say whose webhook it is."
        : 'must have no segment :tenant in an app without the option tenants.',
    },
  ]);
}

/** Different warnings at most: they hold names of events, which Hanko signs. */
const MAX_WARNINGS = 100;

async function replay(before: Promise<Answer>, { name, tenantId }: HankoEvent): Promise<Answer> {
  publishWebhook({ outcome: 'replay', ...ofTenant(tenantId), event: name });
  return before;
}

/** @throws BodyError */
function envelope(body: unknown): { readonly token: string; readonly name: string } {
  const { token, event } = isObject(body) ? body : {};
  if (typeof token !== 'string' || typeof event !== 'string') {
    throw new BodyError(400, 'The body is not { token, event }');
  }
  return { token, name: event };
}
