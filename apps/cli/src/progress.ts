import { SingleBar } from 'cli-progress';

import type { CliIo } from './io.js';
import type { Output } from './output.js';

/** How far an import or export is, on a terminal's standard error; nothing elsewhere. */
export interface Progress {
  update(progress: { readonly bytes?: number; readonly text: string }): void;
  /** A line above the bar. */
  report(line: string): Promise<void>;
  stop(): void;
}

/** @param bytes what there is to do; undefined = not known, then only the text is shown */
export function createProgress(
  { stderr }: CliIo,
  { err, bytes }: { readonly err: Output; readonly bytes?: number | undefined },
): Progress {
  if (stderr.isTTY !== true) {
    return { update: () => undefined, report: (line) => err.line(line), stop: () => undefined };
  }
  const bar = new SingleBar({
    stream: stderr,
    format: bytes === undefined ? '{text}' : '{bar} {percentage} %  {text}',
    clearOnComplete: true,
    hideCursor: true,
    fps: 5,
    etaBuffer: 1,
    // Its own handler would end the process before the summary is told.
    gracefulExit: false,
  });
  bar.start(bytes ?? 1, 0, { text: '' });
  return {
    update({ bytes: done = 0, text }) {
      bar.update(Math.min(done, bytes ?? 1), { text });
    },
    // The bar stands in the line: clear it, it draws itself again below.
    report: (line) => err.write(`\r\u001b[K${line}\n`),
    stop: () => bar.stop(),
  };
}
