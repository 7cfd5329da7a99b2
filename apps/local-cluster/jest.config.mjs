import base from '../../jest.base.mjs';

/** Every file starts processes of its own; more files at a time than cores would only make them wait for each other. */
export default { ...base, maxWorkers: 2 };
