/** Shared by every package: native ES modules, types stripped by swc (the type check is a task of its own). */
export default {
  testEnvironment: 'node',
  // Only against a test that hangs: a busy machine is slow, and no test is about time.
  testTimeout: 120_000,
  testMatch: ['**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      },
    ],
  },
};
