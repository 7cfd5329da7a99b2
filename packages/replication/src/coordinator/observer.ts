import type { Version } from '@kv/hlc';

/** For histories: what a coordinator did that no client sees. Called before any of it leaves the process. */
export interface CoordinatorObserver {
  /** A write is about to be sent as this version. `round`: 1, or 2 after a conflict; `ticket`, `reserved`: it brought the version. */
  stamped?(event: StampedEvent): void;
  /** A ticket was issued for this key; a write may be stored with it any number of times. */
  ticketed?(event: { readonly key: Uint8Array; readonly version: Version }): void;
}

export interface StampedEvent {
  readonly key: Uint8Array;
  readonly operationId: Uint8Array | undefined;
  readonly version: Version;
  readonly round: number | 'ticket' | 'reserved';
}
