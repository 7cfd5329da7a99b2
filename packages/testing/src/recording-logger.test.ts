import { describe, expect, it } from '@jest/globals';

import { createRecordingLogger } from './index.js';

describe('recording logger', () => {
  it('keeps level, fields and message in order', () => {
    const logger = createRecordingLogger();
    logger.info({ a: 1 }, 'one');
    logger.error({}, 'two');
    logger.info({}, 'three');
    expect(logger.entries).toEqual([
      { level: 'info', fields: { a: 1 }, message: 'one' },
      { level: 'error', fields: {}, message: 'two' },
      { level: 'info', fields: {}, message: 'three' },
    ]);
    expect(logger.messages('info')).toEqual(['one', 'three']);
    logger.clear();
    expect(logger.entries).toEqual([]);
  });
});
