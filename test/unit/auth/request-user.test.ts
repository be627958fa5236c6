import { describe, expect, it } from 'vitest';
import { RequestNotes } from '../../../lib/auth/request-notes.js';
import { hideUser, showUser } from '../../../lib/auth/request-user.js';
import { hankoUser } from '../../../lib/testing/stub-user.js';

const ada = hankoUser({ username: 'ada' });
const bob = hankoUser({ username: 'bob' });
const newNotes = () => new RequestNotes<never>().blank();

describe('request.user', () => {
  it('is the user, and is no member any more once it is taken back', () => {
    const [notes, request] = [newNotes(), {}];
    showUser(notes, request, ada);
    expect(request).toEqual({ user: ada });

    hideUser(notes);
    expect(Object.hasOwn(request, 'user')).toBe(false);
  });

  it.each([
    ['own', () => ({ user: 'guest' })],
    ['inherited', () => Object.create({ user: 'guest' }) as object],
    ['undefined', () => ({ user: undefined })],
  ])('gives back what stood there before: %s', (_name, make) => {
    const [notes, request] = [newNotes(), make() as { user?: unknown }];
    const wasOwn = Object.hasOwn(request, 'user');
    const { user: before } = request;
    showUser(notes, request, ada);
    showUser(notes, request, bob);
    expect(request.user).toBe(bob);

    hideUser(notes);
    expect(request.user).toBe(before);
    expect(Object.hasOwn(request, 'user')).toBe(wasOwn);
  });

  it('is left alone where other code has written something else since', () => {
    const [notes, request] = [newNotes(), {} as { user?: unknown }];
    showUser(notes, request, ada);
    request.user = 'theirs';
    hideUser(notes);
    expect(request.user).toBe('theirs');

    showUser(notes, request, ada);
    hideUser(notes);
    expect(request.user).toBe('theirs');
  });

  it('is taken back from each object that stands for the request', () => {
    const [notes, raw, wrapper] = [newNotes(), {}, {}];
    showUser(notes, raw, ada);
    showUser(notes, wrapper, ada);
    showUser(notes, wrapper, ada);
    expect(notes.shownUsers).toHaveLength(2);

    hideUser(notes);
    expect([raw, wrapper]).toEqual([{}, {}]);
    expect(notes.shownUsers).toEqual([]);
  });

  it('goes through a setter, also when it is taken back', () => {
    const written: unknown[] = [];
    let value: unknown = 'guest';
    const prototype = {
      get user(): unknown {
        return value;
      },
      set user(user: unknown) {
        written.push(user);
        value = user;
      },
    };
    const [notes, request] = [newNotes(), Object.create(prototype) as object];
    showUser(notes, request, ada);
    hideUser(notes);

    expect(written).toEqual([ada, 'guest']);
  });

  it.each([
    ['frozen', () => Object.freeze({})],
    ['read only', () => Object.defineProperty({}, 'user', { value: 'guest' })],
    ['a getter alone', () => Object.defineProperty({}, 'user', { get: () => 'guest' })],
    [
      'a getter that throws',
      () =>
        Object.defineProperty({}, 'user', {
          get: () => {
            throw new Error('deprecated');
          },
        }),
    ],
  ])('that cannot be written is no failure: %s', (_name, make) => {
    const notes = newNotes();
    showUser(notes, make(), ada);
    hideUser(notes);
    expect(notes.shownUsers).toEqual([]);
  });

  it('that cannot be taken back any more is no failure', () => {
    const [notes, request] = [newNotes(), {}];
    showUser(notes, request, ada);
    Object.freeze(request);
    hideUser(notes);
    expect(notes.shownUsers).toEqual([]);
  });
});
