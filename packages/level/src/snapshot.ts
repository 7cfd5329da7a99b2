import { AbstractSnapshot } from 'abstract-level';

import type { StoreView } from './store.js';

/** Its constructor takes options; the published types leave them out. */
const SnapshotBase = AbstractSnapshot as new (options: object) => AbstractSnapshot;

export class KvSnapshot extends SnapshotBase {
  readonly view: StoreView;

  constructor(view: StoreView, options: object) {
    super(options);
    this.view = view;
  }

  _close(): Promise<void> {
    this.view.close();
    return Promise.resolve();
  }
}
