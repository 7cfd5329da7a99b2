export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogEntry {
  readonly level: LogLevel;
  readonly fields: object;
  readonly message: string;
}

/** A logger that keeps what it is told; fits every `Logger` port of this repository (pino's argument order). */
export interface RecordingLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Everything logged, oldest first. */
  readonly entries: readonly LogEntry[];
  /** The messages of one level, oldest first. */
  messages(level: LogLevel): string[];
  clear(): void;
}

export function createRecordingLogger(): RecordingLogger {
  const entries: LogEntry[] = [];
  const record = (level: LogLevel) => (fields: object, message: string) =>
    void entries.push({ level, fields, message });
  return {
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
    entries,
    messages: (level) => entries.filter((entry) => entry.level === level).map((entry) => entry.message),
    clear: () => void (entries.length = 0),
  };
}
