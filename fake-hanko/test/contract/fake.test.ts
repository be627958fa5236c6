import { describe } from 'vitest';
import { startFake } from './start-fake.js';
import { contractSuite } from './suite.js';

describe('FakeHanko', () => {
  contractSuite(startFake);
});
