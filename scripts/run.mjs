// npm start, npm test, npm run -s kv|node|sim|bench: everything from a fresh clone with nothing but Node and npm.
// No dependencies: this runs before anything is installed. What follows the version check is loaded after it,
// because an old Node might not even parse it.
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const [wantedMajor, wantedMinor] = engines.node.replace('>=', '').split('.').map(Number);
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  process.stderr.write(
    `This needs Node ${wantedMajor}.${wantedMinor} or newer; this is Node ${process.versions.node}.\n`,
  );
  process.exitCode = 1;
} else {
  import('./run/command.mjs').then(({ runCommand }) => runCommand(process.argv.slice(2)));
}
