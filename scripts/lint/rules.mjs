/**
 * What is nondeterministic comes in through a port (docs/ARCHITECTURE.md): inside packages only `*.adapter.ts` and tests
 * may touch the real thing. Each message names the port to take instead.
 */
const clock = 'Take the time from the injected Clock port.';
const timers = 'Take timers from the injected Timers port.';
const random = 'Take randomness from the injected Random port.';

const globals = [
  ['setTimeout', timers],
  ['setInterval', timers],
  ['setImmediate', timers],
  ['queueMicrotask', timers],
  ['performance', clock],
  ['crypto', random],
  ['console', 'Log through the injected Logger port.'],
  ['fetch', 'Reach the network through the injected Transport port.'],
].map(([name, message]) => ({ name, message }));

const properties = [
  ['Date', 'now', clock],
  ['Math', 'random', random],
  ['AbortSignal', 'timeout', timers],
  ['process', 'hrtime', clock],
  ['process', 'env', 'Take settings as options; only apps read the environment.'],
].map(([object, property, message]) => ({ object, property, message }));

const syntax = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clock },
  { selector: 'ImportExpression', message: 'A dynamic import hides what is imported from these rules.' },
  {
    selector: "MemberExpression[object.name='global']",
    message: 'Name the global itself, so that these rules see it.',
  },
];

const modules = [
  ['^(node:)?fs(/promises)?$', 'Reach files through the injected FileSystem port.'],
  [
    '^(node:)?(net|tls|dgram|http|https|http2|dns)$',
    'Reach the network through the injected Transport port.',
  ],
  ['^(node:)?timers(/promises)?$', timers],
  ['^(node:)?crypto$', random],
  ['^(node:)?perf_hooks$', clock],
  [
    '^(node:)?(child_process|cluster|worker_threads)$',
    'One process, one event loop; only apps start processes.',
  ],
  ['^(node:)?os$', 'Take facts about the machine as options.'],
].map(([regex, message]) => ({ regex, message }));

const restrictedImports = (patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

export const portsOnly = {
  'no-restricted-globals': ['error', { checkGlobalObject: true, globals }],
  'no-restricted-properties': ['error', ...properties],
  'no-restricted-syntax': ['error', ...syntax],
  ...restrictedImports(modules),
};

/** Arrows point down only. A package that is not listed may not be imported. */
const mayImport = {
  'packages/errors': [],
  'packages/hlc': [],
  'packages/ring': [],
  'packages/testing': [],
  'packages/storage': ['errors', 'hlc', 'ring'],
  'packages/level': ['storage'],
  'packages/replication': ['errors', 'hlc', 'storage'],
  proto: ['errors'],
  'packages/streams': ['errors', 'proto'],
  'packages/client': ['errors', 'hlc', 'proto', 'ring', 'streams'],
  'apps/node': ['errors', 'hlc', 'ring', 'storage', 'replication', 'proto', 'streams'],
  'packages/simulator': ['errors', 'hlc', 'storage', 'replication', 'proto', 'client', 'node', 'testing'],
  'apps/cli': ['errors', 'client', 'storage'],
  'apps/local-cluster': ['errors', 'client', 'node'],
};

const direction = (allowed) => ({
  regex: allowed.length === 0 ? '^@kv/' : `^@kv/(?!(${allowed.join('|')})(/|$))`,
  message: `Imports point down only; this package may import ${allowed.map((name) => `@kv/${name}`).join(', ') || 'no @kv package'}.`,
});

export const importDirection = Object.entries(mayImport).flatMap(([folder, allowed]) => [
  {
    files: [
      `${folder}/src/**/*.adapter.ts`,
      ...(folder.startsWith('apps/') ? [`${folder}/src/**/*.ts`] : []),
    ],
    rules: restrictedImports([direction(allowed)]),
  },
  {
    files: [`${folder}/src/**/*.ts`],
    ignores: ['**/*.adapter.ts', ...(folder.startsWith('apps/') ? ['**/*'] : [])],
    rules: restrictedImports([...modules, direction([...allowed])]),
  },
  {
    files: [`${folder}/src/**/*.test.ts`],
    rules: restrictedImports([direction([...allowed, 'testing'])]),
  },
]);
