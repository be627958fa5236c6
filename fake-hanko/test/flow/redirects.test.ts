import { expect, it } from 'vitest';
import { isAllowedRedirect } from '../../src/flow/third-party/redirects.js';

it.each([
  ['http://localhost:8888**', 'http://localhost:8888', true],
  ['http://localhost:8888**', 'http://localhost:8888/a/b.html?c=d#e', true],
  ['http://localhost:8888**', 'http://localhost:9999/a', false],
  ['http://localhost:8888**', 'https://localhost:8888/a', false],
  ['http://localhost:8888**', 'http://localhost:8888@evil.example/a', false],
  ['http://127.0.0.1**', 'http://127.0.0.1.evil.example/', false],
  ['http://localhost**', 'http://localhost.evil.example/', false],
  ['https://*.example.com/**', 'https://app.example.com/a/b', true],
  ['https://*.example.com/**', 'https://a.b.example.com/a', false],
  ['https://*.example.com/**', 'https://evil.example/x.example.com/a', false],
  ['https://app.example.com/{login,profile}', 'https://app.example.com/profile', true],
  ['https://app.example.com/{login,profile}', 'https://app.example.com/admin', false],
  ['https://app.example.com/[a-c]?', 'https://app.example.com/bx', true],
  ['https://app.example.com/[!a-c]?', 'https://app.example.com/bx', false],
  ['https://app.example.com/*', 'https://app.example.com/a/', true],
  ['https://app.example.com/*', 'https://app.example.com/a/b', false],
  ['https://app.example.com/a+b', 'https://app.example.com/aab', false],
  ['**', 'https://evil.example/', false],
  ['javascript:**', 'javascript:alert(1)', false],
  ['http://localhost:8888**', '//localhost:8888/a', false],
  ['http://localhost:8888**', '/a', false],
  ['http://localhost:8888**', '', false],
])('%s allows %s: %s', (pattern, redirectTo, isAllowed) => {
  expect(isAllowedRedirect(redirectTo, [pattern])).toBe(isAllowed);
});

it('needs one of several patterns, and at least one', () => {
  const patterns = ['https://a.example/**', 'https://b.example/**'];
  expect(isAllowedRedirect('https://b.example/x', patterns)).toBe(true);
  expect(isAllowedRedirect('https://b.example/x', [])).toBe(false);
});
