export { run } from './run.js';
export { type ExitCode, exitCodes } from './exit-code.js';
export { type CliClient, type CliClientOptions, type CliIo, type NewFile } from './io.js';
export { systemIo } from './system-io.js';
