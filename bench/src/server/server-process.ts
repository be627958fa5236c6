// Runs the app of one contender: one process each, so that none warms another up.
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { INestApplication, LogLevel } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { answerQuestions } from '../child.js';
import type { HankoSettings, Platform } from '../contenders/contender.js';
import { contenderById } from '../contenders/index.js';

export interface ServerSettings {
  readonly contender: string;
  readonly platform: Platform;
  readonly hanko: HankoSettings;
}

/** What it says once, when it listens or cannot start. */
export type Started = { readonly port: number } | { readonly failure: string };

/** What it answers whenever it is asked: the CPU time it has used, of all threads. */
export type Usage = { readonly userMicros: number; readonly systemMicros: number };

const adapters: Readonly<Record<Platform, () => Promise<AbstractHttpAdapter>>> = {
  express: async () => new (await import('@nestjs/platform-express')).ExpressAdapter(),
  fastify: async () => new (await import('@nestjs/platform-fastify')).FastifyAdapter(),
};

// Lines per refused request belong to level debug, which production apps leave out.
const logger: LogLevel[] = ['error', 'warn'];

async function start({ contender, platform, hanko }: ServerSettings): Promise<Started> {
  try {
    const app: INestApplication = await NestFactory.create(
      await contenderById(contender).app(hanko),
      await adapters[platform](),
      { logger, abortOnError: false },
    );
    await app.listen(0, '127.0.0.1');
    return { port: (app.getHttpServer().address() as AddressInfo).port };
  } catch (error) {
    return { failure: String(error) };
  }
}

answerQuestions(async (): Promise<Usage> => {
  const { user, system } = process.cpuUsage();
  return { userMicros: user, systemMicros: system };
});
process.send?.(await start(JSON.parse(process.argv[2] ?? '') as ServerSettings));
