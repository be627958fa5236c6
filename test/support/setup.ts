import 'reflect-metadata';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { useFewPrimes } from './rsa-keys.js';

// Before each file, as in a process of its own: what the file before it made of Nest's logger is gone. Nest itself
// puts the logger of each app into its place, and never takes it back.
Logger.detachBuffer();
Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
Logger.overrideLogger(new ConsoleLogger());

useFewPrimes();
