import KeyvRedis, { createClient } from '@keyv/redis';
import { Keyv } from 'keyv';
import type { RevocationStore } from 'nestjs-hanko';

export const redisStore = (url: string): Keyv => new Keyv(new KeyvRedis(url));

const CHANNEL = 'revocations';

/** Tells other instances at once of what one has written. */
export function tellingStore(url: string): RevocationStore {
  const store = redisStore(url);
  const publisher = createClient({ url });
  const subscriber = createClient({ url });
  const ready = Promise.all([publisher.connect(), subscriber.connect()]);
  return {
    getMany: (keys) => store.getMany(keys),
    async set(key, value, ttlMs) {
      await store.set(key, value, ttlMs);
      await ready;
      await publisher.publish(CHANNEL, JSON.stringify([key, value]));
    },
    on: (_, listener) => store.on('error', listener),
    subscribe(listener) {
      const tell = (text: string): void => {
        const [key, value] = JSON.parse(text) as [string, unknown];
        listener(key, value);
      };
      void ready.then(() => subscriber.subscribe(CHANNEL, tell));
      return () => void subscriber.unsubscribe(CHANNEL);
    },
  };
}
