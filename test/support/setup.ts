import 'reflect-metadata';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { afterAll } from 'vitest';
import { changesSince, globalState } from './leaks.js';
import { useFewPrimes } from './rsa-keys.js';

// Before each file, as in a process of its own: what the file before it made of Nest's logger is gone. Nest itself
// puts the logger of each app into its place, and never takes it back.
Logger.detachBuffer();
Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
Logger.overrideLogger(new ConsoleLogger());

useFewPrimes();

// After each file, after all of its own: whatever else it has changed, it has to put back.
const before = globalState();
afterAll(async () => {
  const left = await changesSince(before);
  if (left.length === 0) return;
  throw new Error(
    `This file leaves behind what the next one of its worker finds: ${left.join(', ')}. Undo it in afterEach or afterAll.`,
  );
});
