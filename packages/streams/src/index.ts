export { Connection, type ConnectionLimits, type Endpoint } from './connection.adapter.js';
export { FrameReader, UnreadableFrame } from './frame-reader.js';
export { MessageStream, type MessageStreamHandler } from './message-stream.adapter.js';
export type { Timers } from './ports.js';
export { UnderWay } from './under-way.js';
