import {
  DigestRequest,
  DigestResponse,
  PingRequest,
  PingResponse,
  ReadRequest,
  ReadResponse,
  RepairRequest,
  RepairResponse,
  ScanPartitionRequest,
  ScanPartitionResponse,
  WriteRequest,
  WriteResponse,
} from './gen/kv/internal/v1/replica.js';

/**
 * The calls that a link carries, each under the name of its field in LinkRequest and LinkResponse, in the shape that
 * generated service definitions have: for transports that carry each call by itself.
 */
export const replicaMethods = {
  write: method('Write', WriteRequest, WriteResponse),
  repair: method('Repair', RepairRequest, RepairResponse),
  read: method('Read', ReadRequest, ReadResponse),
  scanPartition: method('ScanPartition', ScanPartitionRequest, ScanPartitionResponse),
  ping: method('Ping', PingRequest, PingResponse),
  digest: method('Digest', DigestRequest, DigestResponse),
} as const;

function method<RequestType, ResponseType>(
  name: string,
  requestType: RequestType,
  responseType: ResponseType,
) {
  return { name, requestType, responseType, requestStream: false, responseStream: false } as const;
}
