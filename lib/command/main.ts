#!/usr/bin/env node
import { installationChecks } from '../doctor/installation.js';
import { type Check, exitStatusOf, fail, worstOf } from '../doctor/check.js';
import { jsonReport, textReport } from '../doctor/report.js';
import type { Diagnosis, Patient } from '../doctor/doctor.js';
import { processVariables } from '../util/process-environment.js';
import { VERSION } from '../util/version.js';
import {
  type Command,
  type DoctorFlags,
  doctorHelp,
  FlagError,
  HELP,
  readCommand,
} from './flags.js';
import { readToken } from './read-token.js';

type Diagnose = (patient: Patient) => Promise<Diagnosis>;

const print = (text: string): boolean => process.stdout.write(text);
const tell = (text: string): boolean => process.stderr.write(text);

async function main(args: readonly string[]): Promise<void> {
  let command: Command;
  try {
    command = readCommand(args);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    return stop(`${error.message}. See npx nestjs-hanko doctor --help.`);
  }
  if ('doctor' in command) return doctor(command.doctor);
  const texts = { help: HELP, version: VERSION, 'doctor-help': doctorHelp() };
  print(`${texts[command.print]}\n`);
}

/** Exit status 2: what was asked is not clear. */
function stop(text: string): void {
  tell(`nestjs-hanko: ${text}\n`);
  process.exitCode = 2;
}

async function doctor(flags: DoctorFlags): Promise<void> {
  let { token } = flags;
  if (token === '-') {
    token = await readToken(process.stdin, tell);
    // What is left of a terminal's input keeps nobody waiting.
    process.stdin.pause();
    if (token === null) return stop('there is no token on standard input');
  } else if (token !== null) {
    tell(
      'nestjs-hanko: the token now stands in the history of your shell, and in the list of processes. Use --token - the next time.\n',
    );
  }
  const diagnosis = await diagnosisOf({ ...flags, token });
  const stdout: Partial<typeof process.stdout> = process.stdout;
  const { hasColors, columns } = stdout;
  const paper = { hasColour: hasColour(hasColors?.bind(process.stdout)), width: columns || null };
  print(flags.isJson ? jsonReport(diagnosis) : textReport(diagnosis, paper, Date.now()));
  const checks = diagnosis.sections.flatMap((section) => section.checks);
  process.exitCode = exitStatusOf(checks, flags.isStrict);
}

/** https://no-color.org, and what the terminal can do. */
const hasColour = (canColour: (() => boolean) | undefined): boolean =>
  !processVariables().NO_COLOR && process.stdout.isTTY && canColour?.() === true;

async function diagnosisOf(flags: DoctorFlags): Promise<Diagnosis> {
  const appFolder = process.cwd();
  const nodeVersion = process.versions.node;
  const diagnose = await loaded();
  if (typeof diagnose !== 'function') {
    const checks = installationChecks(appFolder, nodeVersion);
    const all = worstOf(checks) === 'fail' ? checks : [...checks, loadFault(diagnose.error)];
    return { sections: [{ title: 'Installation', checks: all }], token: null };
  }
  return diagnose({
    appFolder,
    nodeVersion,
    variables: processVariables(),
    flags: flags.variables,
    envFiles: flags.envFiles,
    appUrl: flags.appUrl,
    serverUrl: flags.serverUrl,
    token: flags.token,
    now: () => Date.now(),
  });
}

/** Not before it is needed: it needs Nest, and whether that is there and fits is one of the questions. */
async function loaded(): Promise<Diagnose | { readonly error: unknown }> {
  try {
    return (await import('../doctor/doctor.js')).diagnose;
  } catch (error) {
    return { error };
  }
}

/** What Node says of a package that is missing holds nothing but paths. */
function loadFault(error: unknown): Check {
  const { message } = Object(error) as { readonly message?: unknown };
  const [said = 'an error'] = String(message).split('\n', 1);
  return fail(
    'nest',
    `Nest cannot be loaded: ${said}.`,
    'Run npm install in the folder of your app.',
  );
}

void main(process.argv.slice(2));
