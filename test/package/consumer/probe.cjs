const { HankoAuthGuard, HankoModule } = require('nestjs-hanko');
const { FakeHanko } = require('fake-hanko');
const { withHankoAuth } = require('nestjs-hanko/swagger');

for (const value of [HankoAuthGuard, HankoModule, FakeHanko, withHankoAuth]) {
  if (typeof value !== 'function') throw new Error('an export is missing');
}
