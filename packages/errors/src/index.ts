export { type ErrorCode, errorCodes, isErrorCode } from './error-code.js';
export { type KvErrorFacts, KvError, type Outcome } from './kv-error.js';
export { hasCode, isKvError, toKvError } from './recognise.js';
