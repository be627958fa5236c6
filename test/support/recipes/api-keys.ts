import { Injectable } from '@nestjs/common';

/** Keys of machines. */
@Injectable()
export class ApiKeys {
  async isValid(key: string): Promise<boolean> {
    await Promise.resolve();
    return key === 'key-of-a-machine';
  }
}
