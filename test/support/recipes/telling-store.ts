import KeyvRedis, { createClient, Keyv } from '@keyv/redis';
import type { RevocationStore } from 'nestjs-hanko';

/** A Keyv that tells: what one instance sets, all hear of. */
export function tellingStore(url: string): RevocationStore {
  const redis = new KeyvRedis(url);
  const keyv = new Keyv(redis);
  const subscriber = createClient({ url }); // a client that listens can do nothing else
  subscriber.on('error', () => undefined); // it connects again by itself; unheard, an error would end the process
  return {
    getMany: (keys) => keyv.getMany(keys),
    async set(key, value, ttlMs) {
      await keyv.set(key, value, ttlMs);
      await redis.client.publish('revocations', JSON.stringify({ key, value }));
    },
    on: (event, listener) => keyv.on(event, listener),
    async subscribe(listener) {
      await subscriber.connect();
      await subscriber.subscribe('revocations', (text) => {
        const { key, value } = JSON.parse(text) as { key: string; value: unknown };
        listener(key, value);
      });
      return () => subscriber.destroy();
    },
  };
}
