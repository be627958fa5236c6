import { HankoAdminError } from '../admin/admin-error.js';
import { type ResolvedAdminOptions, resolveAdminOptions } from '../admin/admin-options.js';
import { NOBODY } from '../admin/ended-sessions.js';
import { adminFor } from '../admin/hanko-admin.js';
import type { HankoAdminWebhooks } from '../admin/objects/webhook.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { parseUrl } from '../util/parse-url.js';
import { printable } from '../util/printable.js';
import type { AppSource } from './app-source.js';
import type { AppEnvironment } from './app-environment.js';
import type { AppAddresses } from './addresses.js';
import { type Check, fail, ok, skip, warn } from './check.js';

/** The events that end a session before its token expires. */
const ENDING = ['session.delete', 'user.delete'];

/** How many webhooks are named. */
const MAX_HOOKS = 10;

/** For one of three tries, while a person waits. */
export const ADMIN_TIMEOUT_MS = 3_000;

const WITHOUT_EVENTS =
  'A logout takes effect only when the token expires, except on routes whose policy asks Hanko.';

/** Whether Hanko tells the app of sessions that end. It only reads. */
export async function webhookChecks(
  environment: AppEnvironment,
  { api }: AppAddresses,
  source: AppSource,
): Promise<readonly Check[]> {
  const options = adminOptions(environment);
  if (!('url' in options)) return options.checks;
  const warnings = options.warnings.map((text) => warn('admin', text));
  const admin = adminFor({ ...options, timeoutMs: ADMIN_TIMEOUT_MS }, NOBODY);
  try {
    return [...warnings, ...hookChecks(await admin.webhooks.list(), api, source)];
  } catch (error) {
    if (!(error instanceof HankoAdminError)) throw error;
    return [...warnings, adminFault(error)];
  } finally {
    admin.onApplicationShutdown();
  }
}

/** As they came from the environment: what is wrong with them, or that there are none. */
function adminOptions({
  read,
  placeOf,
}: AppEnvironment): ResolvedAdminOptions | { readonly checks: readonly Check[] } {
  const isAsked = ['HANKO_ADMIN_URL', 'HANKO_ADMIN_API_KEY'].some((name) => read(name));
  if (!isAsked) {
    const cure = 'Set HANKO_ADMIN_URL, or on Hanko Cloud HANKO_ADMIN_API_KEY.';
    return {
      checks: [skip('webhooks', 'The Admin API is not known, so they cannot be listed.', cure)],
    };
  }
  try {
    return resolveAdminOptions({}, read, 'HankoAdmin');
  } catch (error) {
    if (!(error instanceof HankoConfigurationError)) throw error;
    return {
      checks: error.faults.map(({ path, hint }) =>
        path.startsWith('HANKO_')
          ? fail(path, `It ${hint}`, `Correct it in ${placeOf(path)}.`)
          : fail(
              'admin',
              `The option url ${hint}`,
              'On a server of your own that is a private port, 8001 by default.',
            ),
      ),
    };
  }
}

function adminFault({ code, message }: HankoAdminError): Check {
  switch (code) {
    case 'unauthorized':
      return fail(
        'admin',
        `${message}: the API key is missing, wrong, or not allowed to do this.`,
        'Copy HANKO_ADMIN_API_KEY from the Hanko Console. The plan must include the Admin API.',
      );
    case 'not_found':
    case 'unexpected':
      return fail(
        'admin',
        `${message}.`,
        "HANKO_ADMIN_URL must be the Admin API, by default on port 8001 of the server, with the tenant's id behind it where there are tenants.",
      );
    default:
      return fail('admin', message, 'Is the Admin API running, and can this machine reach it?');
  }
}

interface Hook {
  readonly callback: string;
  readonly events: readonly string[];
  readonly isEnabled: boolean;
  /** Since the last success. */
  readonly failures: number;
}

function hookChecks(
  { stored, configured }: HankoAdminWebhooks,
  api: URL | null,
  { moduleCalls, hasWebhooksModule }: AppSource,
): readonly Check[] {
  const hooks: readonly Hook[] = [
    ...stored,
    ...configured.map((hook) => ({ ...hook, isEnabled: true, failures: 0 })),
  ];
  const ending = hooks.filter(({ events }) => ENDING.some((name) => sendsSome(events, name)));
  if (ending.length === 0) {
    return [
      warn(
        'webhooks',
        `No webhook tells your app of sessions that end. ${WITHOUT_EVENTS}`,
        'Subscribe session.delete and user.delete for HankoWebhooksModule: docs/webhooks.md of nestjs-hanko. Hanko up to 3.0.4 has no ' +
          "events of sessions: there, let routes that need it ask Hanko, with @RequireAuth({ session: 'online' }).",
      ),
    ];
  }
  const working = ending.filter(({ isEnabled }) => isEnabled);
  const missing = ENDING.filter((name) => !working.some(({ events }) => sendsAll(events, name)));
  return [
    ...ending.slice(0, MAX_HOOKS).map((hook) => hookCheck(hook, api)),
    ...(missing.length === 0 ? [] : [missingEvents(missing)]),
    // Where nothing of ours is seen in the source, nothing is said of it.
    ...(moduleCalls.length === 0 || hasWebhooksModule ? [] : [NO_RECEIVER]),
  ];
}

const NO_RECEIVER = warn(
  'webhooks',
  'No file of your source calls HankoWebhooksModule.forRoot(), which receives them.',
  'Import HankoWebhooksModule.forRoot() of nestjs-hanko/webhooks in the root module.',
);

/** Hanko's own rule: an event is sent to who subscribed the beginning of its name (docs/hanko.md, Webhooks). */
const sendsAll = (events: readonly string[], name: string): boolean =>
  events.some((event) => name.startsWith(event));

const sendsSome = (events: readonly string[], name: string): boolean =>
  sendsAll(events, name) || events.some((event) => isUnder(event, name));

function hookCheck({ callback, events, isEnabled, failures }: Hook, api: URL | null): Check {
  const at = addressOf(callback);
  const text = `Hanko calls ${at} for ${printable(events.join(', '))}`;
  const answers = `Does your app answer at ${at}, with a status below 400?`;
  if (!isEnabled) {
    return fail(
      'webhooks',
      `Hanko no longer calls ${at} for ${printable(events.join(', '))}: the webhook is disabled, as after six failures in a row.`,
      `${answers} Enable it again with admin.webhooks.update().`,
    );
  }
  if (failures > 0) {
    const calls = failures === 1 ? 'the last call' : `the last ${failures} calls`;
    return warn(
      'webhooks',
      `${text}, and ${calls} failed. Hanko disables a webhook after six failures in a row.`,
      answers,
    );
  }
  if (api !== null && parseUrl(callback)?.origin !== api.origin) {
    return ok('webhooks', `${text}, which is not ${api.origin}.`);
  }
  return ok('webhooks', `${text}.`);
}

/** Without what may be a secret. */
const addressOf = (callback: string): string => {
  const url = parseUrl(callback);
  return url === null ? 'an invalid URL' : printable(url.origin + url.pathname);
};

/** As `isUnder` of webhooks/, which stands beside admin/ and is not loaded for this. */
const isUnder = (event: string, group: string): boolean => event.startsWith(`${group}.`);

const missingEvents = (missing: readonly string[]): Check =>
  warn(
    'webhooks',
    `No webhook that works is told of all ${missing.join(' and ')} events. ${WITHOUT_EVENTS}`,
    `Subscribe ${missing.join(' and ')} too. Hanko up to 3.0.4 has no events of sessions.`,
  );
