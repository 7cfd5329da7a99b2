/** Preloaded: prints the path of every module as it is loaded. */
import { register } from 'node:module';

register(
  `data:text/javascript,${encodeURIComponent(`
    import { writeSync } from 'node:fs';
    export async function load(url, context, next) {
      if (url.startsWith('file:')) writeSync(1, 'loaded ' + url.slice('file://'.length) + '\\n');
      return next(url, context);
    }
  `)}`,
  import.meta.url,
);
