import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { withHankoAuth } from 'nestjs-hanko/swagger';

for (const value of [HankoAuthGuard, HankoModule, FakeHanko, withHankoAuth]) {
  if (typeof value !== 'function') throw new Error('an export is missing');
}
