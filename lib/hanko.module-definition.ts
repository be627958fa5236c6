import { ConfigurableModuleBuilder } from '@nestjs/common';
import { HANKO_MODULE_OPTIONS } from './hanko.constants.js';
import type { HankoModuleOptions } from './options/hanko-options.js';

/** What can be said beside the options, also in `forRootAsync`. */
interface HankoModuleExtras {
  /** Whether every module sees the guard and the service without importing HankoModule. Default true. */
  isGlobal?: boolean;
}

const definition = new ConfigurableModuleBuilder<HankoModuleOptions>({
  moduleName: 'Hanko',
  optionsInjectionToken: HANKO_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createHankoOptions')
  .setExtras<HankoModuleExtras>({ isGlobal: true }, (module, { isGlobal = true }) => ({
    ...module,
    global: isGlobal,
  }))
  .build();

export const { ConfigurableModuleClass } = definition;

/** Options that `HankoModule.forRoot()` takes, with `isGlobal`. */
export type HankoForRootOptions = typeof definition.OPTIONS_TYPE;

/** Options that `HankoModule.forRootAsync()` takes: `useFactory` (with `inject`), `useClass` or `useExisting`; `imports`. */
export type HankoModuleAsyncOptions = typeof definition.ASYNC_OPTIONS_TYPE;
