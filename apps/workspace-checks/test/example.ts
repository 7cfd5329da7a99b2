/** The code blocks of a README, made runnable as an ES module and as a CommonJS script. */

/** All ```js blocks of a Markdown text, in order. */
export function javascriptBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```js\n(.*?)^```/gms)].map((match) => match[1] ?? '');
}

/** Turns `import { a as b } from 'x';` into `const { a: b } = require('x');`, and nothing else. */
export function toCommonJs(source: string): string {
  return source
    .replaceAll(
      /^import \{ (.+?) \} from ('[^']+');$/gm,
      (_all, names: string, module: string) =>
        `const { ${names.replaceAll(' as ', ': ')} } = require(${module});`,
    )
    .replaceAll(/^import (?:\* as )?(\w+) from ('[^']+');$/gm, 'const $1 = require($2);');
}
