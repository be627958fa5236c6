const { HankoAuthGuard, HankoModule } = require('nestjs-hanko');
const { FakeHanko } = require('nestjs-hanko/testing');

for (const value of [HankoAuthGuard, HankoModule, FakeHanko]) {
  if (typeof value !== 'function') throw new Error('an export is missing');
}
