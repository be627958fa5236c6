#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { FakeHanko } from '../fake-hanko.js';
import type { FakeHankoOptions } from '../options.js';
import { VERSION } from '../version.js';
import { runBeside } from './beside.js';
import { type Command, FlagError, inFlags, readFlags } from './flags.js';
import { readConfigFile, readUsersFile } from './files.js';
import { helpText, mailText, startText, variablesOf } from './texts.js';

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Says what is wrong and ends: 2 for a wrong flag, 1 for all else. */
function fail(text: string, exitCode: 1 | 2): void {
  process.stderr.write(`fake-hanko: ${text}\n`);
  process.exitCode = exitCode;
}

function main(args: readonly string[]): Promise<void> | void {
  let command: Command;
  try {
    command = readFlags(args);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    return fail(`${error.message}. See fake-hanko --help.`, 2);
  }
  if ('start' in command) return startWith(command);
  print(command.print === 'help' ? helpText() : VERSION);
}

async function startWith({
  start: options,
  tenants,
  files,
  beside,
}: Extract<Command, { start: unknown }>): Promise<void> {
  try {
    const { config, notes = [] } =
      files.config === undefined ? {} : await readConfigFile(files.config);
    const more = files.users === undefined ? [] : await readUsersFile(files.users);
    for (const note of notes) process.stderr.write(`fake-hanko: ${files.config}: ${note}\n`);
    const users = [...(options.users ?? []), ...more].map((user) => ({
      id: randomUUID(),
      ...user,
    }));
    // A file need not say where it listens.
    const port = options.port ?? (config?.server?.public?.address === undefined ? 8000 : undefined);
    const all = {
      ...options,
      ...(config && { config }),
      ...(port !== undefined && { port }),
      users,
    };
    await start(all, tenants, beside);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    fail(`${error.message}. See fake-hanko --help.`, 2);
  }
}

async function start(
  options: FakeHankoOptions,
  tenants: readonly string[],
  beside?: readonly string[],
): Promise<void> {
  let hanko: FakeHanko | undefined;
  try {
    hanko = await FakeHanko.start({ ...options, onMail: (mail) => print(mailText(mail)) });
    for (const id of tenants) await addTenant(hanko, id, options);
  } catch (error) {
    await hanko?.stop();
    if (!(error instanceof Error)) throw error;
    const message = error.message.replace(/^FakeHanko:? /, '');
    // A TypeError is a wrong option, and each option is a flag here.
    if (error instanceof TypeError) return fail(`${inFlags(message)} See fake-hanko --help.`, 2);
    return fail(hint(message, error.cause), 1);
  }
  print(startText(hanko, options, tenants));
  if (beside !== undefined) {
    process.exitCode = await runBeside(beside, variablesOf(hanko, options, tenants));
    return hanko.stop();
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void hanko.stop());
  }
}

/** Each tenant has the same people, and knows them by other ids. */
async function addTenant(
  hanko: FakeHanko,
  id: string,
  { users = [] }: FakeHankoOptions,
): Promise<void> {
  const tenant = await hanko.createTenant(id);
  for (const { id: _, ...user } of users) tenant.createUser(user);
}

function hint(message: string, cause: unknown): string {
  const { code, port } = (cause ?? {}) as { readonly code?: unknown; readonly port?: unknown };
  if (code === 'EADDRINUSE') {
    return `port ${String(port)} is in use (EADDRINUSE). Stop the program that uses it, or pass another --port.`;
  }
  if (code === 'EACCES') {
    return `port ${String(port)} needs more rights (EACCES). Pass a --port above 1023.`;
  }
  return message;
}

void main(process.argv.slice(2));
