import { parseArgs } from 'node:util';

/** A flag that cannot be understood. The message repeats no value: it may be a token. */
export class FlagError extends Error {}

/** What the command line asks for. */
export type Command =
  | { readonly print: 'help' | 'version' }
  | { readonly print: 'doctor-help' }
  | { readonly doctor: DoctorFlags };

export interface DoctorFlags {
  /** Values in the place of environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly envFiles: readonly string[] | null;
  readonly appUrl: string | null;
  readonly serverUrl: string | null;
  /** `-` = standard input; null = none. */
  readonly token: string | null;
  readonly isJson: boolean;
  readonly isStrict: boolean;
}

interface Flag {
  readonly type: 'string' | 'boolean';
  readonly multiple?: true;
  /** How its value is shown. */
  readonly value?: string;
  readonly help: string;
}

export const DOCTOR_FLAGS = {
  'env-file': {
    type: 'string',
    multiple: true,
    value: 'file',
    help: 'read this file in the place of .env; can be repeated',
  },
  'api-url': { type: 'string', value: 'url', help: 'in the place of HANKO_API_URL' },
  audience: { type: 'string', value: 'names', help: 'in the place of HANKO_AUDIENCE' },
  issuer: { type: 'string', value: 'text', help: 'in the place of HANKO_ISSUER' },
  'cookie-name': { type: 'string', value: 'name', help: 'in the place of HANKO_COOKIE_NAME' },
  'app-url': {
    type: 'string',
    value: 'url',
    help: 'your page, as people open it: checks cookie and CORS',
  },
  'server-url': {
    type: 'string',
    value: 'url',
    help: 'this Nest app, as the page calls it; default: where the page is',
  },
  token: { type: 'string', value: '-', help: 'explain a session token, read from standard input' },
  json: { type: 'boolean', help: 'print JSON' },
  strict: { type: 'boolean', help: 'exit with 1 for warnings, too' },
  help: { type: 'boolean', help: 'print this' },
} as const satisfies Readonly<Record<string, Flag>>;

/** @throws FlagError */
export function readCommand(args: readonly string[]): Command {
  const [command, ...rest] = args;
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
    return { print: 'help' };
  }
  if (command === '--version' || command === '-v') return { print: 'version' };
  if (command !== 'doctor') throw new FlagError('there is one command: doctor');
  return readDoctorFlags(rest);
}

function readDoctorFlags(args: readonly string[]): Command {
  const values = parse(withTokenValue(args));
  if (values.help === true) return { print: 'doctor-help' };
  for (const [name, given] of Object.entries(values)) {
    if ([given].flat().includes('')) throw new FlagError(`--${name} needs a value`);
  }
  return {
    doctor: {
      variables: {
        HANKO_API_URL: values['api-url'],
        HANKO_AUDIENCE: values.audience,
        HANKO_ISSUER: values.issuer,
        HANKO_COOKIE_NAME: values['cookie-name'],
      },
      envFiles: values['env-file'] ?? null,
      appUrl: addressIn('app-url', values['app-url']),
      serverUrl: addressIn('server-url', values['server-url']),
      token: values.token ?? null,
      isJson: values.json === true,
      isStrict: values.strict === true,
    },
  };
}

/** `--token` alone means `--token -`. */
function withTokenValue(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const next = args[index + 1];
    const isAlone = arg === '--token' && (next === undefined || next.startsWith('--'));
    return isAlone ? [arg, '-'] : [arg];
  });
}

function parse(args: string[]) {
  const known = Object.keys(DOCTOR_FLAGS);
  try {
    return parseArgs({ args, options: DOCTOR_FLAGS, strict: true, allowPositionals: false }).values;
  } catch {
    // Its own messages repeat what was written, and that may be a token.
    const wrong = args.find((arg) => /^--?\w/.test(arg) && !known.includes(nameOf(arg)));
    throw new FlagError(
      wrong !== undefined && /^[a-z-]{1,30}$/.test(nameOf(wrong))
        ? `--${nameOf(wrong)} is no flag of the doctor`
        : 'a flag lacks its value, or something stands there that is no flag',
    );
  }
}

const nameOf = (arg: string): string => arg.replace(/^--?/, '').split('=', 1)[0] ?? '';

/** @throws FlagError */
function addressIn(name: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^https?:\/\/[^/\\@]+(?:\/[^@]*)?$/i.test(text) && URL.canParse(text)) return text;
  throw new FlagError(
    `--${name} must be an address that begins with http:// or https://, without credentials`,
  );
}

export const HELP = `nestjs-hanko: commands for apps that use it.

  npx nestjs-hanko doctor           finds out what is wrong with the setup
  npx nestjs-hanko doctor --help    prints its flags
  npx nestjs-hanko --version`;

export function doctorHelp(): string {
  const lines = Object.entries<Flag>(DOCTOR_FLAGS).map(([name, { value, help }]) => {
    const usage =
      value === undefined ? `--${name}` : `--${name} ${value === '-' ? value : `<${value}>`}`;
    return `  ${usage.padEnd(24)}${help}`;
  });
  return `npx nestjs-hanko doctor [flags]

Reads the environment of your app and its .env file, asks Hanko, and says what is right, what is not, and what to do. It changes
nothing, and calls only the addresses that your variables and flags name. Run it in the folder of your app.

${lines.join('\n')}

Exit status: 0 if nothing is wrong, 1 if something is, 2 for a wrong flag.
A token is a credential: keep it out of the history of your shell.

  read -rs TOKEN && printf %s "$TOKEN" | npx nestjs-hanko doctor --token -`;
}
