import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { withHankoAuth } from 'nestjs-hanko/swagger';
import { HankoAdmin, HankoAdminError } from 'nestjs-hanko/admin';

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
