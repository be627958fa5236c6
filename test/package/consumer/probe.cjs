const { HankoAuthGuard, HankoModule } = require('nestjs-hanko');
const { FakeHanko } = require('fake-hanko');
const { withHankoAuth } = require('nestjs-hanko/swagger');
const { HankoAdmin, HankoAdminError } = require('nestjs-hanko/admin');

for (const value of [
  HankoAuthGuard,
  HankoModule,
  FakeHanko,
  HankoAdmin,
  HankoAdminError,
  withHankoAuth,
]) {
  if (typeof value !== 'function') throw new Error('an export is missing');
}
