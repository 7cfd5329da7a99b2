/**
 * The `kv-node` command: a node in a process of its own. What belongs to a process is here and only here: arguments,
 * environment, signals, exit codes, standard output.
 */
import { type Logger, pino, stdTimeFunctions } from 'pino';

import { type NodeConfiguration, readCommandLine } from '../configuration/command-line.js';
import { isStartFailure, type StartFailureReason } from '../errors.js';
import { stopMs } from '../limits.js';
import { createNode, type Node } from '../node.js';
import { systemPorts } from '../system-ports.adapter.js';
import { softwareVersion } from '../version.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { watchParent } from './parent-watch.js';

const exitCodeOf: Readonly<Record<StartFailureReason, ExitCode>> = {
  usage: exitCodes.usage,
  address: exitCodes.addressInUse,
  'data-directory': exitCodes.dataDirectory,
  cluster: exitCodes.failed,
};

export function runCommand(process: NodeJS.Process): void {
  const version = softwareVersion();
  const line = readCommandLine({ argv: process.argv.slice(2), environment: process.env, version });
  switch (line.kind) {
    case 'answer':
      process.stdout.write(line.text);
      return;
    case 'refused':
      process.stderr.write(`kv-node: ${line.problem}\n`);
      process.exitCode = exitCodes.usage;
      return;
    case 'run':
      void runNode(process, line.configuration);
  }
}

async function runNode(process: NodeJS.Process, { options, logLevel }: NodeConfiguration): Promise<void> {
  const logger = pino({ level: logLevel, timestamp: stdTimeFunctions.isoTime });
  const life = watchLife(process, logger);
  try {
    const onFatal = (error: Error): void => {
      // Whatever was not synced until now may be lost, and a later sync may claim otherwise: not one more reply.
      logger.fatal({ err: error }, 'the disk failed, stopping at once');
      process.exit(exitCodes.diskFailed);
    };
    const node = await createNode(options, { ...systemPorts({ logger }), onFatal });
    life.started(node);
  } catch (error) {
    if (!isStartFailure(error)) logger.fatal({ err: error }, 'the node could not start');
    const sentence = error instanceof Error ? error.message : String(error);
    process.stderr.write(`kv-node: ${sentence}\n`);
    process.exit(isStartFailure(error) ? exitCodeOf[error.reason] : exitCodes.failed);
  }
}

interface Life {
  started(node: Node): void;
}

/** Ends the process when it is asked to, when its parent ends, or when something was thrown that nobody caught. */
function watchLife(process: NodeJS.Process, logger: Logger): Life {
  let node: Node | undefined;
  let isStopping = false;

  function stop(reason: string): void {
    // Before it has started there is nothing to drain, and its files survive any end. A second signal is impatience.
    if (node === undefined || isStopping) process.exit(exitCodes.stopped);
    isStopping = true;
    logger.info({ reason }, 'stopping');
    setTimeout(() => {
      logger.error({}, 'stopping took too long, ending regardless');
      process.exit(exitCodes.failed);
    }, stopMs).unref();
    node.stop().then(
      () => {
        logger.info({}, 'stopped');
        process.exit(exitCodes.stopped);
      },
      (error: unknown) => {
        logger.fatal({ err: error }, 'stopping failed');
        process.exit(exitCodes.failed);
      },
    );
  }

  function die(error: unknown): void {
    logger.fatal({ err: error }, 'a defect: something was thrown that nobody caught');
    process.exit(exitCodes.internal);
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  watchParent(process, () => {
    if (!isStopping) stop('the parent process ended');
  });
  return {
    started: (started) => {
      node = started;
    },
  };
}
