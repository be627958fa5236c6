import type { OnModuleDestroy } from '@nestjs/common';
import {
  HankoConfigurationError,
  HankoTenantError,
  HankoTokenError,
  HankoUnavailableError,
} from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { isSameTenant, optionsOfTenant } from '../options/tenant.js';
import type { ResolvedTenantsOptions } from '../options/tenants-option.js';
import type { HankoRevocation } from '../revocation/hanko-revocation.js';
import type { MaybePromise } from '../util/maybe-promise.js';
import { RecentMap } from '../util/recent-map.js';
import { TokenBucket } from '../util/token-bucket.js';
import { isUuid } from '../util/value-checks.js';
import type { Hanko } from './hanko.js';
import { Hankos, type TenantEnded } from './hankos.js';
import { SharedKeys } from './shared-keys.js';
import { cheapestOf, type Tenant } from './tenant.js';
import { checkedTenantId, tenantIdOf } from './tenant-id.js';
import { TenantLog } from './tenant-log.js';
import type { TenantParts } from './tenant-parts.js';
import { TrustedTenants } from './trusted-tenants.js';

/** How long an answer of the app is used; then it is asked again, while requests go on. */
const TRUST_MS = 60_000;

/** How long it is used if the app has no other one. */
const MAX_TRUST_MS = 300_000;

/** The shortest time between two questions about one tenant. */
const ASK_AGAIN_MS = 1_000;

/** How long an id is refused unasked that neither the app nor Hanko knew. */
const UNKNOWN_MS = 30_000;

/** Ids that are remembered, in each half: those that were unknown lately, and those that once were good. */
const MAX_UNKNOWN = 5_000;
const MAX_SEEN = 50_000;

/** Tenants that are in memory though nobody has vouched for them yet. */
const MAX_NEWCOMERS = 200;

/**
 * First questions about ids that turn out to be no tenant: so many at once, then so many a second. Anybody can make them up. A
 * good one does not count, so that all tenants may come at once after a start.
 */
const STRANGERS_AT_ONCE = 50;
const STRANGERS_PER_SECOND = 10;

/** How many used ones are spared before one is evicted anyway: bounds its time. */
const MAX_SECOND_CHANCES = 32;

/**
 * The Hankos of all tenants. What belongs to one is in one object, and no two share any of it: no cache of keys or signatures,
 * no verdict, no circuit.
 *
 * A tenant is kept once somebody has vouched for it: the app, by `trust()`, or Hanko, by keys. Until then it is a newcomer, of
 * which there are few, and which can evict no other.
 */
export class TenantHankos extends Hankos implements OnModuleDestroy {
  override readonly hasTenants = true;
  private readonly log = new TenantLog();
  private readonly sharedKeys = new SharedKeys((line) => this.log.setup(line));
  private readonly tenants = new Map<string, Tenant>();
  private readonly newcomers = new Map<string, Tenant>();
  /** Until when, by id. */
  private readonly unknown = new RecentMap<number>(MAX_UNKNOWN);
  private readonly seen = new RecentMap<true>(MAX_SEEN);
  private readonly strangers: TokenBucket;
  private readonly app: TrustedTenants | null;
  private tellEnded: TenantEnded = () => undefined;

  /** @param now any clock that goes forward, in milliseconds. */
  constructor(
    private readonly options: ResolvedHankoOptions,
    private readonly settings: ResolvedTenantsOptions,
    private readonly parts: TenantParts,
    private readonly revocation: HankoRevocation,
    private readonly now: () => number = () => performance.now(),
  ) {
    super();
    this.strangers = new TokenBucket(STRANGERS_AT_ONCE, STRANGERS_PER_SECOND, now);
    this.app = settings.trust === null ? null : new TrustedTenants(settings.trust);
  }

  onModuleDestroy(): void {
    for (const { hanko } of [...this.tenants.values(), ...this.newcomers.values()]) {
      hanko.jwks.onModuleDestroy();
      hanko.liveness.onModuleDestroy();
    }
  }

  override of(request: IncomingRequest): MaybePromise<Hanko> {
    return this.find(tenantIdOf(this.settings.resolve, request));
  }

  override named(tenantId: unknown, path: string): MaybePromise<Hanko> {
    if (typeof tenantId === 'string') return this.find(checkedTenantId(tenantId));
    throw new HankoConfigurationError([
      { path, hint: 'is missing: the app has tenants, so name the one that is meant.' },
    ]);
  }

  override known(tenantId: string | undefined): Hanko | undefined {
    return tenantId === undefined ? undefined : this.tenants.get(tenantId)?.hanko;
  }

  override all(): readonly Hanko[] {
    return [...this.tenants.values()].map(({ hanko }) => hanko);
  }

  override onEnded(listener: TenantEnded): void {
    this.tellEnded = listener;
  }

  private find(id: string): MaybePromise<Hanko> {
    const tenant = this.tenants.get(id);
    if (tenant === undefined) return this.meet(id);
    tenant.isUsed = true;
    return this.app === null || this.now() - tenant.trustedAt < TRUST_MS
      ? tenant.hanko
      : this.askAgain(tenant, this.app);
  }

  private meet(id: string): MaybePromise<Hanko> {
    if ((this.unknown.get(id) ?? -Infinity) > this.now()) {
      throw new HankoTenantError('There was no such tenant a moment ago');
    }
    if (this.app !== null) return this.askApp(id, this.app);
    if (!isUuid(id)) {
      throw new HankoTenantError(
        'The id of the tenant is no UUID. For other ids set the option tenants.trust',
      );
    }
    return this.newcomer(id).hanko;
  }

  /** Requests go on meanwhile, unless the last answer is too old. */
  private askAgain(tenant: Tenant, app: TrustedTenants): MaybePromise<Hanko> {
    const isTooOld = this.now() - tenant.trustedAt >= MAX_TRUST_MS;
    if (!isTooOld && this.now() - tenant.askedAt < ASK_AGAIN_MS) return tenant.hanko;
    tenant.askedAt = this.now();
    const asked = this.askApp(tenant.id, app);
    if (isTooOld) return asked;
    asked.catch((error: unknown) => this.log.fault(error));
    return tenant.hanko;
  }

  private async askApp(id: string, app: TrustedTenants): Promise<Hanko> {
    const isStranger = !app.isAsking(id) && !this.hasMet(id);
    if (isStranger && !this.strangers.take()) throw tooMany();
    const trusted = await app.ask(id);
    if (trusted === null) {
      this.forget(id);
      throw new HankoTenantError('tenants.trust() knows no such tenant');
    }
    const options = optionsOfTenant(this.options, id, trusted);
    if (isStranger) this.strangers.giveBack();
    const before = this.tenants.get(id);
    if (before !== undefined && isSameTenant(before.hanko.options, options)) {
      before.trustedAt = this.now();
      return before.hanko;
    }
    const { hanko } = this.keep(this.create(id, options));
    if (before !== undefined) this.replaced(before);
    return hanko;
  }

  private newcomer(id: string): Tenant {
    const known = this.newcomers.get(id);
    if (known !== undefined) return known;
    const tenant = this.create(id, optionsOfTenant(this.options, id, {}));
    this.newcomers.set(id, tenant);
    if (this.newcomers.size > MAX_NEWCOMERS) this.dismissNewcomer();
    return tenant;
  }

  private dismissNewcomer(): void {
    const dismissed = cheapestOf(this.newcomers.values());
    if (dismissed === undefined) return;
    this.newcomers.delete(dismissed.id);
    this.retire(dismissed);
  }

  private create(id: string, options: ResolvedHankoOptions): Tenant {
    const { parts } = this;
    const { audience, issuer } = options;
    if (this.app !== null && options.isAudienceUnset) this.log.unchecked(id);
    const liveness = parts.liveness(options, id);
    liveness.onEnded((user) => this.revocation.noteEnded(user));
    liveness.onNoTenant(() => this.onFetched(tenant, 'unknown'));
    const jwks = parts.jwks(options, {
      id,
      mayFetch: () => this.mayFetch(tenant),
      warn: (line) => this.log.warn(line),
      fetched: (outcome) => this.onFetched(tenant, outcome),
    });
    const verifier = parts.verifier(options);
    const tenant: Tenant = {
      id,
      hanko: { tenantId: id, options, jwks, audience, issuer, verifier, liveness },
      trustedAt: this.now(),
      askedAt: this.now(),
      isUsed: true,
      isAsked: false,
      isStranger: false,
    };
    return tenant;
  }

  private mayFetch(tenant: Tenant): boolean {
    tenant.isStranger = !this.hasMet(tenant.id);
    // In an outage each further question counts as well.
    const mayAsk = !tenant.isStranger || this.strangers.take();
    tenant.isAsked ||= mayAsk;
    return mayAsk;
  }

  private hasMet(id: string): boolean {
    return this.tenants.has(id) || this.seen.get(id) === true;
  }

  private onFetched(tenant: Tenant, outcome: 'keys' | 'failed' | 'unknown'): void {
    if (outcome === 'keys') {
      if (tenant.isStranger) this.strangers.giveBack();
      tenant.isStranger = false;
      if (this.newcomers.get(tenant.id) === tenant) this.keep(tenant);
      if (this.tenants.get(tenant.id) === tenant) {
        this.sharedKeys.published(tenant.hanko, tenant.hanko.jwks.moduli);
      }
    }
    // Where the app vouches for it, its word counts.
    if (outcome === 'unknown' && this.app === null && this.isInUse(tenant)) this.forget(tenant.id);
  }

  /** Not one that was evicted while it waited for a reply: another one may stand in its place. */
  private isInUse(tenant: Tenant): boolean {
    const { id } = tenant;
    return (this.tenants.get(id) ?? this.newcomers.get(id) ?? tenant) === tenant;
  }

  private keep(tenant: Tenant): Tenant {
    this.newcomers.delete(tenant.id);
    this.seen.set(tenant.id, true);
    this.tenants.set(tenant.id, tenant);
    if (this.tenants.size > this.settings.max) this.evict();
    return tenant;
  }

  private evict(): void {
    let chances = MAX_SECOND_CHANCES;
    for (const [id, tenant] of this.tenants) {
      this.tenants.delete(id);
      if (tenant.isUsed && chances > 0) {
        chances -= 1;
        tenant.isUsed = false;
        // To the end of the line; the loop comes to it last.
        this.tenants.set(id, tenant);
        continue;
      }
      this.retire(tenant);
      return;
    }
  }

  /** The app trusts something else now: who was let in before must show that it still may. */
  private replaced(before: Tenant): void {
    this.retire(before);
    this.tellEnded(before.id, new HankoTokenError('session_revoked', 'Its tenant has changed'));
  }

  /** There is no such tenant. */
  private forget(id: string): void {
    this.unknown.set(id, this.now() + UNKNOWN_MS);
    this.seen.delete(id);
    for (const tenants of [this.tenants, this.newcomers]) {
      const tenant = tenants.get(id);
      tenants.delete(id);
      if (tenant !== undefined) this.retire(tenant);
    }
    this.tellEnded(id, new HankoTenantError('There is no such tenant any more'));
  }

  /** Whoever waits for a reply gets it; nothing else is done for it. */
  private retire({ hanko }: Tenant): void {
    this.sharedKeys.forget(hanko);
    hanko.jwks.retire();
    hanko.liveness.retire();
    hanko.verifier.retire();
  }
}

const tooMany = (): HankoUnavailableError =>
  new HankoUnavailableError('Too many unknown tenants were asked for in this second', 1);
