import { redisServerPath } from './redis-server.js';

/** Once, before all files: what they could not do without. */
export default function setup(): void {
  redisServerPath();
}
