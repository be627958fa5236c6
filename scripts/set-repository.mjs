// Writes `repository`, `homepage` and `bugs` into the package.json files, from the address that this runs for.
//
// npm accepts provenance only from a package whose `repository` is the one that built it (E422 otherwise), and
// resolves the relative links of a README by it. The address is not known in the source tree, where this project
// may be a fork or a mirror, so the release workflow runs this before it packs.
//
//   GITHUB_SERVER_URL=https://github.com GITHUB_REPOSITORY=owner/name node scripts/set-repository.mjs [root]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = ['.', 'fake-hanko'];

const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: name = '' } = process.env;
if (!/^https:\/\/[\w.-]+$/.test(server) || !/^[\w-]+\/[\w.-]+$/.test(name)) {
  console.error(
    'Set GITHUB_SERVER_URL (https://github.com) and GITHUB_REPOSITORY (owner/name), as GitHub Actions does.',
  );
  process.exit(2);
}

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
const address = `${server}/${name}`;
for (const directory of PACKAGES) {
  const file = join(root, directory, 'package.json');
  const isRoot = directory === '.';
  const manifest = {
    ...JSON.parse(readFileSync(file, 'utf8')),
    repository: { type: 'git', url: `git+${address}.git`, ...(!isRoot && { directory }) },
    homepage: `${address}${isRoot ? '' : `/tree/HEAD/${directory}`}#readme`,
    bugs: { url: `${address}/issues` },
  };
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`${file}: ${address}`);
}
