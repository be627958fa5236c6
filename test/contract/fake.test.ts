import { describe } from 'vitest';
import { startFake } from '../../fake-hanko/test/contract/start-fake.js';
import { contractSuite } from '../../fake-hanko/test/contract/suite.js';
import { nestApp } from './nest-app.js';

describe('FakeHanko', () => {
  contractSuite(startFake, [nestApp]);
});
