import type { App } from './app.js';
import { isRateLimit } from './app-module.js';

interface Hint {
  readonly seen: RegExp;
  /** What makes the hint needless, anywhere in the app. */
  readonly unless?: RegExp;
  readonly text: string;
}

/** What `APP_GUARD` does not reach, or what runs beside it. */
const HINTS: readonly Hint[] = [
  {
    seen: /@UseGuards\(/,
    text: 'has @UseGuards(): these guards run after HankoAuthGuard. Routes that sign callers in by other means (API keys, webhooks) need @Public().',
  },
  {
    seen: /\.useGlobalGuards\(/,
    text: 'calls useGlobalGuards(): these guards run as well. Remove those that Hanko replaces.',
  },
  {
    seen: /@WebSocketGateway\(/,
    unless: /\bhankoSockets\(/,
    text: 'is a gateway: clients may connect until main.ts calls hankoSockets(). On Nest 11, APP_GUARD does not reach its messages either: add @UseGuards(HankoAuthGuard).',
  },
  {
    seen: /\.connectMicroservice\(/,
    unless: /\binheritAppConfig: true/,
    text: 'calls connectMicroservice(): APP_GUARD reaches its handlers only with { inheritAppConfig: true }.',
  },
  {
    seen: /\bServeStaticModule\.|\.useStaticAssets\(/,
    unless: /\bhankoMiddleware\(/,
    text: 'serves files, and guards do not run for those: close them with hankoMiddleware(), if they are not public.',
  },
];

/** What a person must look at in an app whose routes have just been closed. */
export function adviceFor(app: App): readonly string[] {
  const guards = app.guards
    .filter(({ name }) => !isRateLimit(name))
    .map(
      ({ name, path }) =>
        `${path} binds ${name} for the whole app: a call must satisfy HankoAuthGuard and ${name}. Remove it if Hanko replaces it.`,
    );
  const hints = HINTS.flatMap(({ seen, unless, text }) => {
    const path = app.mentions(seen);
    const isNeedless = unless !== undefined && app.mentions(unless) !== undefined;
    return path === undefined || isNeedless ? [] : [`${path} ${text}`];
  });
  return [...guards, ...hints];
}

/** How to do by hand what was not done. */
export function byHand(file: string, reason: string, needsConfig: string | undefined): string {
  return `${file} was not changed, as ${reason}. THE APP IS NOT CLOSED. Write into the module that main.ts starts:
    imports: [${needsConfig === undefined ? '' : 'ConfigModule.forRoot(), '}HankoModule.forRoot()],
    providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
  with ${needsConfig === undefined ? '' : "ConfigModule from '@nestjs/config', "}APP_GUARD from '@nestjs/core', HankoAuthGuard and HankoModule from 'nestjs-hanko'.${
    needsConfig === undefined ? '' : ` Install @nestjs/config@${needsConfig} if it is missing.`
  }`;
}
