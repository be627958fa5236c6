export { HankoInstrumentation } from './hanko-instrumentation.js';
export type { HankoInstrumentationConfig } from './config.js';
