export { HankoHealthIndicator } from './hanko-health-indicator.js';
export type { HankoHealthDetails, HankoHealthIndicatorOptions } from './hanko-health-indicator.js';
