// Fills a store in memory with small keys until it refuses, and says how that ended. Run by heap-limit.test.ts.
import { open } from '@kv/storage';

const store = await open(':memory:', { memoryBytesMax: 40e6 });
try {
  for (let key = 0; ; key += 1) await store.put(`key:${key}`, 'v');
} catch (error) {
  process.stdout.write(`${error.code} ${store.stats().keys}\n`);
}
