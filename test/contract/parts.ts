import type { Part } from '../../fake-hanko/test/contract/suite.js';
import { adminCredentials } from './admin-credentials.js';
import { adminServer } from './admin-server.js';
import { adminSessions } from './admin-sessions.js';
import { adminTour } from './admin-tour.js';
import { adminUsers } from './admin-users.js';
import { profile } from './profile.js';

/** Every call of HankoAdmin and of HankoProfile, on one Hanko or one tenant. */
export const CALLS: readonly Part[] = [
  adminTour,
  adminUsers,
  adminCredentials,
  adminSessions,
  adminServer,
  profile,
];
