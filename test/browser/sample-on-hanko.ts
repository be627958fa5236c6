import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { Sample } from '../sample/running-sample.js';
import { launch } from './chromium.js';
import { expectVisible, Visitor } from './visitor.js';

export const FRONT_ENDS = ['react', 'vue', 'svelte'] as const;

export let hanko: FakeHanko;
export let sample: Sample;
/** Of the test that runs. */
export let visitor: Visitor;
let browser: Browser;

/** Chromium, and a visitor for each test. To be called once in a file of tests. */
export function useVisitors(): void {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
  beforeEach(() => meetVisitor());
  afterEach(({ task: { file, suite, name, result } }) =>
    visitor?.leave(
      result?.state === 'fail' ? `${file.name} ${suite?.name ?? ''} ${name}` : undefined,
    ),
  );
}

/** Somebody else comes, or the same with another taste. */
export async function meetVisitor(scheme?: 'light' | 'dark'): Promise<void> {
  visitor = await newVisitor(scheme);
}

export const newVisitor = (scheme?: 'light' | 'dark'): Promise<Visitor> =>
  Visitor.of(browser, scheme);

export interface SampleOnHanko {
  readonly hanko: FakeHankoOptions;
  /** Of the samples, beside the address of that Hanko. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The samples, on a fake Hanko: for a file of tests, or for a `describe`. */
export function useSampleOnHanko(setUp: () => SampleOnHanko | Promise<SampleOnHanko>): void {
  beforeAll(async () => {
    const { hanko: options, environment } = await setUp();
    const { tokenTransport } = options;
    hanko = await FakeHanko.start({ host: 'localhost', rateLimits: 'off', ...options });
    sample = await Sample.start({
      HANKO_API_URL: hanko.url,
      ...(tokenTransport && { HANKO_TOKEN_TRANSPORT: tokenTransport }),
      ...environment,
    });
  });
  afterAll(async () => {
    await sample?.[Symbol.asyncDispose]();
    await hanko?.stop();
  });
}

export const signedInBy = (methods: string): Promise<void> =>
  expectVisible(visitor.page.getByText(`Signed in by ${methods}`));
