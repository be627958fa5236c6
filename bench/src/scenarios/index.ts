import type { Scenario } from '../bench.js';
import { burst } from './burst.js';
import { connect } from './connect.js';
import { contexts } from './contexts.js';
import { firstSeen } from './first-seen.js';
import { forged } from './forged.js';
import { guardAlone } from './guard-alone.js';
import { hankoDown } from './hanko-down.js';
import { hitAfterFlood } from './hit-after-flood.js';
import { logout } from './logout.js';
import { measured } from './measured.js';
import { memory } from './memory.js';
import { nothingToVerify } from './nothing-to-verify.js';
import { revocations } from './revocations.js';
import { sessions } from './sessions.js';
import { tenants } from './tenants.js';
import { thousand } from './thousand.js';
import { unknownKids } from './unknown-kids.js';
import { warm } from './warm.js';
import { watching } from './watching.js';

/** In this order: the servers run on from one to the next, and floods come last. */
export const scenarios: readonly Scenario[] = [
  warm,
  thousand,
  nothingToVerify,
  firstSeen,
  forged,
  unknownKids,
  sessions,
  hankoDown,
  guardAlone,
  measured,
  burst,
  hitAfterFlood,
  revocations,
  contexts,
  connect,
  watching,
  logout,
  memory,
  tenants,
];
