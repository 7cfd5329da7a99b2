// Takes a directory's lock, says so, and holds it until it is killed. Run by directory-lock.test.ts.
import { nodeFileSystem } from '@kv/storage';

const [, , directory] = process.argv;
try {
  await nodeFileSystem().lock(directory);
  process.stdout.write('locked\n');
  setInterval(() => undefined, 1000);
} catch (error) {
  process.stdout.write(`${error.code} ${error.message}\n`);
}
