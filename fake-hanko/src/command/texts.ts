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
export function startText(hanko: FakeHanko, options: FakeHankoOptions): string {
  const { users = [] } = options;
  const { audience, modulusLength } = checkOptions(options);
  const known = users.map(({ id, email, username, password }) => {
    const how = password === undefined ? 'passcode only' : `password ${password}`;
    return `  ${email ?? username ?? 'no address'}, ${how}, id ${id}`;
  });
  const management =
    hanko.managementUrl === undefined ? '' : `\nManagement  ${hanko.managementUrl}`;
  const [{ id = '<id of a user>' } = {}] = users;
  return `fake-hanko ${VERSION}

Public API  ${hanko.url}
Admin API   ${hanko.adminUrl}${management}
Page        ${new URL(hanko.adminUrl).origin}/ (users, sessions, mails)
Audience    ${audience.join(', ')}
Keys        RSA ${modulusLength}${modulusLength === 4096 ? '' : ", which is quick (Hanko's have 4096 bits)"}

Users:
${known.length > 0 ? known.join('\n') : '  none yet: register one on your page, or pass --user'}

A session token without a page:
  curl ${hanko.adminUrl}/sessions -H 'content-type: application/json' -d '{"user_id":"${id}"}'

For your back end:
HANKO_API_URL=${hanko.url}

Passcodes are printed here when they are sent. Ctrl-C stops it.`;
}

/** What a command that runs beside it finds in its environment. */
export function variablesOf(
  hanko: FakeHanko,
  options: FakeHankoOptions,
): Readonly<Record<string, string>> {
  return {
    HANKO_API_URL: hanko.url,
    HANKO_ADMIN_URL: hanko.adminUrl,
    ...(hanko.managementUrl !== undefined && { HANKO_MANAGEMENT_URL: hanko.managementUrl }),
    HANKO_AUDIENCE: checkOptions(options).audience.join(','),
  };
}

/** One line for each mail. */
export const mailText = ({ to, subject, passcode }: FakeMail): string =>
  passcode === null ? `Mail to ${to}: ${subject}` : `Passcode for ${to}: ${passcode}`;
