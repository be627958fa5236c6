import { FakeHanko } from 'nestjs-hanko/testing';
import { describe } from 'vitest';
import { contractSuite } from './suite.js';

describe('FakeHanko', () => {
  contractSuite(() => FakeHanko.start());
});
