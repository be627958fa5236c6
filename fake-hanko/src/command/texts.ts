import type { FakeHanko } from '../fake-hanko.js';
import { checkOptions, type FakeHankoOptions } from '../options.js';
import type { FakeMail } from '../store/records.js';
import { VERSION } from '../version.js';
import { FLAGS } from './flags.js';

/** What `--help` prints. */
export function helpText(): string {
  const lines = Object.entries(FLAGS).map(([name, flag]) => {
    const usage = 'value' in flag ? `--${name} <${flag.value}>` : `--${name}`;
    const more = 'isRepeatable' in flag ? '; can be repeated' : '';
    return `  ${usage.padEnd(34)}${flag.help}${more}`;
  });
  return `fake-hanko ${VERSION}: a fake Hanko for tests and development. It is no login server.

  npx fake-hanko --port 8000 --user ada@example.test:password
  npx fake-hanko --port 0 -- npm test     runs a command beside it, and ends with it

Flags:
${lines.join('\n')}

Ctrl-C stops it. It stores nothing. Documentation: https://www.npmjs.com/package/fake-hanko`;
}

/** What a person needs once it runs. */
export function startText(
  hanko: FakeHanko,
  options: FakeHankoOptions,
  tenants: readonly string[],
): string {
  const { users = [] } = options;
  const { audience, modulusLength } = checkOptions(options);
  const known = users.map(({ id, email, username, password }) => {
    const how = password === undefined ? 'passcode only' : `password ${password}`;
    return `  ${email ?? username ?? 'no address'}, ${how}, id ${id}`;
  });
  const management =
    hanko.managementUrl === undefined ? '' : `\nManagement  ${hanko.managementUrl}`;
  const [{ id = '<id of a user>' } = {}] = users;
  const urls = [hanko, ...tenants.map((tenant) => hanko.tenant(tenant))].map(({ url }) => url);
  const list = urls.length > 1 ? `\nTenants:\n${urls.map((url) => `  ${url}`).join('\n')}\n` : '';
  const { HANKO_API_URL } = variablesOf(hanko, options, tenants);
  return `fake-hanko ${VERSION}

Public API  ${hanko.url}
Admin API   ${hanko.adminUrl}${management}
Page        ${new URL(hanko.adminUrl).origin}/ (users, sessions, mails)
Audience    ${audience.join(', ')}
Keys        RSA ${modulusLength}${modulusLength === 4096 ? '' : ", which is quick (Hanko's have 4096 bits)"}
${list}
Users:
${known.length > 0 ? known.join('\n') : '  none yet: register one on your page, or pass --user'}

A session token without a page:
  curl ${hanko.adminUrl}/sessions -H 'content-type: application/json' -d '{"user_id":"${id}"}'

For your back end:
HANKO_API_URL=${HANKO_API_URL}

Passcodes are printed here when they are sent. Ctrl-C stops it.`;
}

/**
 * What a command that runs beside it finds in its environment. An app with several tenants puts their ids behind the
 * addresses by itself.
 */
export function variablesOf(
  hanko: FakeHanko,
  options: FakeHankoOptions,
  tenants: readonly string[],
): Readonly<Record<string, string>> {
  const addressOf = (url: string): string => (tenants.length > 0 ? new URL(url).origin : url);
  return {
    HANKO_API_URL: addressOf(hanko.url),
    HANKO_ADMIN_URL: addressOf(hanko.adminUrl),
    ...(hanko.managementUrl !== undefined && { HANKO_MANAGEMENT_URL: hanko.managementUrl }),
    HANKO_AUDIENCE: checkOptions(options).audience.join(','),
  };
}

/** One line for each mail. */
export const mailText = ({ to, subject, passcode }: FakeMail): string =>
  passcode === null ? `Mail to ${to}: ${subject}` : `Passcode for ${to}: ${passcode}`;
