import { describe, expect, test } from 'vitest';
import { type Command, DOCTOR_FLAGS, doctorHelp, readCommand } from '../../../lib/command/flags.js';

const flagsOf = (...args: readonly string[]) => {
  const command: Command = readCommand(['doctor', ...args]);
  if (!('doctor' in command)) throw new Error('It is not the doctor');
  return command.doctor;
};

describe('the command', () => {
  test.each([
    [[], 'help'],
    [['help'], 'help'],
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--version'], 'version'],
    [['doctor', '--help'], 'doctor-help'],
    [['doctor', '--json', '--help'], 'doctor-help'],
  ])('%j prints %s', (args, print) => {
    expect(readCommand(args)).toEqual({ print });
  });

  test('has one for each flag in its help', () => {
    for (const name of Object.keys(DOCTOR_FLAGS)) expect(doctorHelp()).toContain(`--${name}`);
  });

  test('that is no command is refused', () => {
    expect(() => readCommand(['docter'])).toThrow('there is one command: doctor');
  });
});

describe('flags of the doctor', () => {
  test('are all off at first', () => {
    expect(flagsOf()).toEqual({
      variables: {},
      envFiles: null,
      appUrl: null,
      serverUrl: null,
      token: null,
      isJson: false,
      isStrict: false,
    });
  });

  test('stand in the place of variables', () => {
    const args =
      '--api-url https://a.example --audience=x,y --issuer i --cookie-name c --env-file .env.local ' +
      '--env-file .env --app-url https://app.example/login --json --strict';
    const { variables, envFiles, appUrl, isJson, isStrict } = flagsOf(...args.split(' '));
    expect(variables).toEqual({
      HANKO_API_URL: 'https://a.example',
      HANKO_AUDIENCE: 'x,y',
      HANKO_ISSUER: 'i',
      HANKO_COOKIE_NAME: 'c',
    });
    expect(envFiles).toEqual(['.env.local', '.env']);
    expect(appUrl).toBe('https://app.example/login');
    expect([isJson, isStrict]).toEqual([true, true]);
  });

  test.each([
    [['--token', '-'], '-'],
    [['--token'], '-'],
    [['--token', '--json'], '-'],
    [['--json', '--token'], '-'],
    [['--token=-'], '-'],
    [['--token', 'eyJ.a.b'], 'eyJ.a.b'],
  ])('%j take the token from %s', (args, token) => {
    expect(flagsOf(...args).token).toBe(token);
  });

  const SECRET = 'eyJhbGciOiJSUzI1NiJ9.secret.secret';
  test.each([
    [['--tokne', SECRET], '--tokne is no flag'],
    [[`--tokne=${SECRET}`], '--tokne is no flag'],
    [[SECRET], 'something stands there that is no flag'],
    [[`--${SECRET}`], 'something stands there that is no flag'],
    [['--json', SECRET], 'something stands there that is no flag'],
    [[`--json=${SECRET}`], 'a flag lacks its value, or'],
    [['--token', '-', SECRET], 'something stands there'],
    [['--audience'], 'a flag lacks its value'],
    [['--audience='], '--audience needs a value'],
    [['--token='], '--token needs a value'],
    [['--app-url', 'app.example'], '--app-url must be an address'],
    [['--app-url', 'https://user:pw@a.example'], '--app-url must be an address'],
    [['--server-url', 'http:///x'], '--server-url must be an address'],
    [['-x'], '--x is no flag'],
  ])('%j are refused, and no value is repeated', (args, says) => {
    const refusal = (): unknown => flagsOf(...args);
    expect(refusal).toThrow(says);
    expect(refusal).not.toThrow('secret');
  });
});
