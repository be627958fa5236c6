import { count, flag, nanoseconds, type Section, text, unused, unusedSection } from './keys.js';

const limit = (tokens: number) => ({ interval: nanoseconds('1m'), tokens: count(tokens) });
const NO_DISK = 'everything is kept in memory';

/** What the server as a whole can be configured to do (hanko backend/config). */
export const SERVER_KEYS = {
  audit_log: {
    console_output: unusedSection('it is read at GET /audit_logs'),
    mask: flag(true),
    retention: unused(text('720h'), 'it ends with its process'),
    storage: { enabled: flag(false) },
  },
  database: unusedSection(NO_DISK),
  debug: unused(flag(false), 'there is nothing more to say'),
  default_email_delivery: unusedSection(
    'mails are not sent, but told of: onMail, the webhook email.send',
  ),
  flow_locker: unusedSection(NO_DISK),
  log: unusedSection('it logs nothing'),
  multi_tenancy: { enabled: flag(false) },
  rate_limiter: {
    enabled: flag(true),
    otp_limits: limit(3),
    passcode_limits: limit(3),
    password_limits: limit(5),
    redis_config: unusedSection(NO_DISK),
    store: unused(text('in_memory'), NO_DISK),
    token_limits: limit(3),
  },
  secret_keys: unusedSection('nothing is encrypted'),
  server: {
    admin: { address: text() },
    ip: unusedSection('there is no proxy in front of it'),
    management: { address: text() },
    public: { address: text() },
  },
} as const satisfies Section;
