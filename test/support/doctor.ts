import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Check } from '../../lib/doctor/check.js';
import { diagnose, type Diagnosis, type Patient } from '../../lib/doctor/doctor.js';
import { VERSION } from '../../lib/util/version.js';
import { root } from './api-program.js';

/** A folder with files, by path; what they hold is text, or an object for JSON. */
export type Files = Readonly<Record<string, string | object>>;

/** A package that does nothing. */
export const fakePackage = (name: string, version: string, more: object = {}): Files => ({
  [`node_modules/${name}/package.json`]: { name, version, ...more },
});

const DEPENDENCIES = ['nestjs-hanko', '@nestjs/common', '@nestjs/core', '@nestjs/config'];

/** An app as the README sets it up. */
export const HEALTHY: Files = {
  'package.json': { dependencies: Object.fromEntries(DEPENDENCIES.map((name) => [name, '*'])) },
  ...fakePackage('nestjs-hanko', VERSION),
  ...fakePackage('@nestjs/common', '12.5.1'),
  ...fakePackage('@nestjs/core', '12.5.1'),
  ...fakePackage('@nestjs/config', '12.0.1', { peerDependencies: { '@nestjs/common': '^12.0.0' } }),
  'src/app.module.ts': `@Module({
  imports: [ConfigModule.forRoot(), HankoModule.forRoot(), HankoWebhooksModule.forRoot()],
  providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
export class AppModule {}`,
};

/** An app on the disk. */
export class AppFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'doctor-'));

  constructor(files: Files = HEALTHY) {
    for (const [file, content] of Object.entries(files)) {
      const path = join(this.path, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }

  /** Links a file or folder of this repository to a place in the app. */
  link(from: string, to: string): void {
    const path = join(this.path, to);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(root, from), path);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Diagnoses an app with these files and settings: Node 22, and an environment with nothing else in it. */
export async function diagnosisOf(
  patient: Partial<Patient> = {},
  files: Files = HEALTHY,
): Promise<Diagnosis> {
  using app = new AppFolder(files);
  return diagnose({
    appFolder: app.path,
    nodeVersion: '22.12.0',
    variables: {},
    flags: {},
    envFiles: null,
    appUrl: null,
    serverUrl: null,
    token: null,
    now: () => Date.now(),
    ...patient,
  });
}

export const checksOf = ({ sections }: Diagnosis): readonly Check[] =>
  sections.flatMap(({ checks }) => checks);

/** `FAIL address`, for what is not as it should be. */
export const complaintsOf = (checks: readonly Check[]): readonly string[] =>
  checks
    .filter(({ status }) => status === 'fail' || status === 'warn')
    .map(({ id, status }) => `${status} ${id}`);

/** All of a diagnosis that is of a kind, in one text. */
export const textOf = (checks: readonly Check[], id: string): string =>
  checks
    .filter((check) => check.id === id)
    .map(({ text, cure = '' }) => `${text} ${cure}`)
    .join('\n');
