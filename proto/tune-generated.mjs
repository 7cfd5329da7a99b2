/**
 * A step of `npm run gen`: two changes of generated code, for what its objects cost the garbage collector.
 *
 * The generator gives every `bytes` field of every new message empty bytes of its own, and each is a buffer that the runtime has
 * to allocate and to collect: a fifth of all buffers of a node. Empty bytes cannot be written to, so one does for all.
 *
 * It makes new messages of object literals. V8 remembers, for a literal in a function, how many of its objects were alive at a
 * collection; after a burst, when many are, it makes all later ones among the old objects, which only a collection of everything
 * frees: one every two or three seconds in a client under load. It remembers nothing of the kind for objects of classes.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const generated = new URL('src/gen/', import.meta.url);

/** A text of which at least one `part` is replaced: the generator may come to write it in another way. */
function replaced(text, part, by, what) {
  const after = text.replaceAll(part, by);
  if (after === text)
    throw new Error(`${what} is not where it used to be: look at what the generator writes now`);
  return after;
}

function shareEmptyBytes(text, name) {
  const own = 'Buffer.alloc(0)';
  if (!text.includes(own)) return text;
  const imports = 'import _m0 from "protobufjs/minimal.js";\n';
  const shared = text.replaceAll(own, 'noBytes');
  return replaced(
    shared,
    imports,
    `${imports}\nconst noBytes = ${own};\n`,
    `${name}: the import of the runtime`,
  );
}

/** A class with the literal's fields, for all messages that have any. */
function makeOfClasses(text, name) {
  if (!text.includes('function createBase')) return text;
  const literal = /function createBase(\w+)\(\): (\w+) \{\n {2}return \{ ?([^{}]+?),?\s*\};\n\}/g;
  return replaced(
    text,
    literal,
    (_, id, type, fields) => {
      const members = fields
        .trim()
        .split(/,\s+/)
        .map((field) => {
          const [key, value] = field.split(': ');
          return `  ${key}: ${type}["${key}"] = ${value};\n`;
        });
      return `class ${id}Fields implements ${type} {\n${members.join('')}}\n\nfunction createBase${id}(): ${type} {\n  return new ${id}Fields();\n}`;
    },
    `${name}: the literal of a new message`,
  );
}

for (const name of readdirSync(generated, { recursive: true })) {
  if (!name.endsWith('.ts')) continue;
  const file = new URL(name, generated);
  writeFileSync(file, makeOfClasses(shareEmptyBytes(readFileSync(file, 'utf8'), name), name));
}
