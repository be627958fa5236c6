import { describe, expect, it } from 'vitest';
import { SignatureCache } from '../../../lib/verification/signature-cache.js';
import {
  capacity,
  createCache,
  entry,
  heldOf,
  holds,
  NOW,
  otherKey,
  ROOMY,
  sessionOf,
  token,
  tokenSaying,
  tokens,
} from '../../support/signature-cache.js';

describe('a remembered token', () => {
  it('is found with exactly what was added', () => {
    const cache = createCache(10);
    const added = entry(token(1), { kid: 'a', key: otherKey, session: sessionOf({ sub: 'ada' }) });
    cache.add(added);

    expect(cache.find(added.token, NOW)).toMatchObject({ ...added });
    expect(cache.find(added.token, NOW)?.key).toBe(otherKey);
    expect(cache.find(added.token, NOW)?.session).toBe(added.session);
  });

  it('never serves another token that ends in the same 24 characters', () => {
    const cache = createCache(10);
    const end = 'signature-of-24-letters!';
    const [one, other] = [`header.one.${end}`, `header.two.${end}`];
    cache.add(entry(one));

    for (const wanted of [other, end, `x${one}`, one.slice(1), `${one}${end}`, end.slice(1)]) {
      expect(cache.find(wanted, NOW)).toBeUndefined();
    }
    expect(holds(cache, one)).toBe(true);

    cache.add(entry(other, { session: sessionOf({ sub: 'other' }) }));

    expect(cache.find(one, NOW)).toBeUndefined();
    expect(cache.find(other, NOW)).toMatchObject({
      token: other,
      session: { claims: { sub: 'other' } },
    });
    expect(cache.size).toBe(1);
  });

  it('may be shorter than the end it is found by', () => {
    const cache = createCache(10);
    cache.add(entry('a.b.c'));

    expect(holds(cache, 'a.b.c')).toBe(true);
    expect(cache.find('.b.c', NOW)).toBeUndefined();
  });

  it('is not found by what is no text', () => {
    const cache = createCache(10);
    const text = token(1);
    cache.add(entry(text));
    cache.add(entry('undefined'));
    cache.add(entry('null'));
    cache.add(entry('1'));

    const disguised = { toString: () => text, [Symbol.toPrimitive]: () => text };
    for (const wanted of [undefined, null, 1, 1n, Object(text), [text], disguised, Symbol(text)]) {
      expect(cache.find(wanted, NOW)).toBeUndefined();
    }
    expect(cache.size).toBe(4);
  });

  it('counts once, however often it is added', () => {
    const room = capacity(createCache(1_000, 20_000));
    const cache = createCache(1_000, 20_000);
    const all = tokens(room);
    for (let n = 0; n < 100; n += 1) cache.add(entry(token(0)));
    for (const one of all.slice(1)) cache.add(entry(one));

    expect(heldOf(cache, all)).toEqual(all);
    expect(cache.size).toBe(room);
  });

  it('is what was added last', () => {
    const cache = createCache(10);
    cache.add(entry(token(1)));
    cache.add(entry(token(1), { key: otherKey }));

    expect(cache.find(token(1), NOW)?.key).toBe(otherKey);
  });

  it('is forgotten once it has expired, and gives its room back', () => {
    const room = capacity(createCache(1_000, 20_000));
    const cache = createCache(1_000, 20_000);
    cache.add(entry(token(0), { expiresAtMs: NOW + 60_000 }));
    for (const one of tokens(room).slice(1)) cache.add(entry(one));

    expect(holds(cache, token(0), NOW + 59_999)).toBe(true);
    expect(cache.find(token(0), NOW + 60_000)).toBeUndefined();
    expect(cache.size).toBe(room - 1);
    expect(cache.find(token(0), NOW)).toBeUndefined();

    const later = [...tokens(room).slice(1), token(room)];
    cache.add(entry(token(room)));
    expect(heldOf(cache, later)).toEqual(later);
  });
});

describe('the bounds', () => {
  it('hold after each addition: entries', () => {
    const cache = createCache(7);
    const added: string[] = [];
    for (const one of tokens(100)) {
      cache.add(entry(one));
      added.push(one);

      expect(cache.size).toBe(Math.min(added.length, 7));
      expect(holds(cache, one)).toBe(true);
    }
    expect(heldOf(cache, added)).toHaveLength(7);
  });

  it('hold after each addition: bytes, whatever the size of what comes', () => {
    const cache = createCache(1_000, 20_000);
    const added: string[] = [];
    for (let n = 0; n < 200; n += 1) {
      const one = token(n, 100 + ((n * 7_919) % 9_000));
      cache.add(entry(one));
      added.push(one);

      const held = heldOf(cache, added);
      expect(held.at(-1)).toBe(one);
      expect(held).toHaveLength(cache.size);
      expect(held.join('').length).toBeLessThanOrEqual(20_000);
    }
  });

  it('count the claims, their names and their nesting, not only the token', () => {
    const room = (payload: object): number => {
      const cache = createCache(1_000, 100_000);
      for (let n = 0; n < 1_000; n += 1) cache.add(entry(tokenSaying(n, payload)));
      return cache.size;
    };
    const bare = room({});

    expect(bare).toBeGreaterThan(40);
    for (const payload of [
      { text: 'x'.repeat(5_000) },
      { ['x'.repeat(5_000)]: 1 },
      { list: Array.from({ length: 300 }, () => 1) },
      { deep: { deeper: { text: 'x'.repeat(5_000) } } },
      Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`n${n}`, {}])),
    ]) {
      expect(room(payload)).toBeLessThan(bare / 3);
    }
  });

  it('keep out what is larger than all bytes together, and nothing goes for it', () => {
    const cache = createCache(1_000, 20_000);
    const all = tokens(5);
    for (const one of all) cache.add(entry(one));
    cache.add(entry(token(5, 20_001)));
    cache.add(entry(tokenSaying(6, { text: 'x'.repeat(8_000) })));

    expect(
      heldOf(cache, [...all, token(5, 20_001), tokenSaying(6, { text: 'x'.repeat(8_000) })]),
    ).toEqual(all);
  });

  it.each([
    { maxEntries: 0, maxBytes: ROOMY },
    { maxEntries: 1_000, maxBytes: 0 },
    { maxEntries: 0, maxBytes: 0 },
  ])('of 0 hold nothing: %j', (bounds) => {
    const cache = new SignatureCache(bounds);
    cache.add(entry(token(1)));
    cache.add(entry('', { session: sessionOf({}) }));

    expect(cache.size).toBe(0);
    expect(cache.find(token(1), NOW)).toBeUndefined();
    expect(cache.find('', NOW)).toBeUndefined();
  });
});
