// Opens and ends sockets for minutes, and fails if one ends too early, too late, or is still held at the end.
import { prepare } from './prepare.mjs';

await prepare();
const { main } = await import('./dist/soak/main.js');
// Whatever is still open does not keep it.
process.exit(await main(process.argv.slice(2)));
