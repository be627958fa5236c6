import { randomUUID } from 'node:crypto';
import { type FakeUser, primaryEmail, rfc3339 } from './records.js';
import type { HankoConfig } from '../config/schema.js';
import { DEFAULT_TENANT_ID } from '../config/settings.js';

/** A line of the log, as the Admin API shows it (hanko backend/persistence/models/audit_log.go). */
export interface AuditEntry {
  readonly id: string;
  readonly type: string;
  readonly error?: string;
  readonly meta_http_request_id: string;
  readonly meta_source_ip: string;
  readonly meta_user_agent: string;
  readonly actor_user_id?: string;
  readonly actor_email?: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** So written by Hanko. */
  readonly TenantID: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Who asked for what is logged. */
export interface AuditOrigin {
  readonly requestId: string;
  readonly ipAddress: string;
  readonly userAgent: string;
}

const MAX_ENTRIES = 10_000;

/** What happened to whom; empty unless `audit_log.storage.enabled` (hanko backend/audit_log/logger.go). */
export class AuditLog {
  private readonly all: AuditEntry[] = [];

  constructor(
    private readonly now: () => number,
    private readonly config: HankoConfig['audit_log'],
    private readonly tenantId = DEFAULT_TENANT_ID,
  ) {}

  add(
    type: string,
    { requestId, ipAddress, userAgent }: AuditOrigin,
    user?: Pick<FakeUser, 'emails' | 'id'>,
    details: Readonly<Record<string, unknown>> = {},
    error?: string,
  ): void {
    if (!this.config.storage.enabled) return;
    const { mask } = this.config;
    const email = user && primaryEmail(user)?.address;
    const shown = Object.entries(details).map(([name, value]) => [
      name,
      mask ? (MASKS[name]?.(String(value)) ?? value) : value,
    ]);
    const at = rfc3339(this.now());
    if (this.all.length >= MAX_ENTRIES) this.all.pop();
    this.all.unshift({
      id: randomUUID(),
      type,
      ...(error !== undefined && { error }),
      meta_http_request_id: requestId,
      meta_source_ip: ipAddress,
      meta_user_agent: userAgent,
      ...(user && { actor_user_id: user.id }),
      ...(email !== undefined && { actor_email: mask ? maskedEmail(email) : email }),
      details: Object.fromEntries(shown) as AuditEntry['details'],
      TenantID: this.tenantId,
      created_at: at,
      updated_at: at,
    });
  }

  /** Newest first. */
  get entries(): readonly AuditEntry[] {
    return this.all;
  }
}

/** hanko backend/utils/mask.go */
function maskedEmail(address: string): string {
  const at = address.indexOf('@');
  const letters = Array.from(at < 0 ? address : address.slice(0, at));
  const shown = letters.length <= 6 ? 1 : 3;
  const stars = Math.max(letters.length - shown, 6 - shown);
  return `${letters.slice(0, shown).join('')}${'*'.repeat(stars)}${at < 0 ? '' : address.slice(at)}`;
}

function maskedName(name: string): string {
  const letters = Array.from(name);
  if (letters.length <= 1) return '*'.repeat(letters.length);
  const stars = letters.length <= 3 ? 4 : letters.length - 2;
  return `${letters[0]}${'*'.repeat(stars)}${letters.at(-1)}`;
}

const MASKS: Readonly<Record<string, (text: string) => string>> = {
  email: maskedEmail,
  username: maskedName,
};
