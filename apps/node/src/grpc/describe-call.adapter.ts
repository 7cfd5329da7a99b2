import { ClusterDefinition, type DescribeRequest, type DescribeResponse } from '@kv/proto';
import { ReplicaUnreachable } from '@kv/replication';
import { type Channel, type ChannelOptions, createChannel, createClient } from 'nice-grpc';

import { replyBytesMax } from '../limits.js';
import type { Timers } from '../ports.js';

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': replyBytesMax,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
};

/** The one call of the public service that members make: who belongs to the cluster. Its channel is made when it is called. */
export class DescribeCall {
  readonly #address: string;
  readonly #timers: Timers;
  readonly #closed = new AbortController();
  #channel: Channel | undefined;

  constructor(address: string, { timers }: { readonly timers: Timers }) {
    this.#address = address;
    this.#timers = timers;
  }

  async call(
    request: DescribeRequest,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<DescribeResponse> {
    if (this.#closed.signal.aborted) {
      throw new ReplicaUnreachable(`the connection to ${this.#address} is closed`, { sent: false });
    }
    this.#channel ??= createChannel(this.#address, undefined, channelOptions);
    const abort = new AbortController();
    const giveUp = (): void => abort.abort();
    const cancelTimer = this.#timers.after(timeoutMs, giveUp);
    this.#closed.signal.addEventListener('abort', giveUp);
    try {
      return await createClient(ClusterDefinition, this.#channel).describe(request, { signal: abort.signal });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ReplicaUnreachable(`${this.#address} did not answer: ${reason}`, {
        sent: true,
        cause: error,
      });
    } finally {
      cancelTimer();
      this.#closed.signal.removeEventListener('abort', giveUp);
    }
  }

  close(): void {
    this.#closed.abort();
    this.#channel?.close();
  }
}
