import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'nestjs-hanko/testing';

for (const value of [HankoAuthGuard, HankoModule, FakeHanko]) {
  if (typeof value !== 'function') throw new Error('an export is missing');
}
