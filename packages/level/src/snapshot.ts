import { AbstractSnapshot } from 'abstract-level';

import type { View } from './view.js';
import type { Views } from './views.js';

/** Its constructor takes options; the published types leave them out. */
const SnapshotBase = AbstractSnapshot as new (options: object) => AbstractSnapshot;

export class KvSnapshot extends SnapshotBase {
  readonly view: View;
  readonly #views: Views;

  constructor(views: Views, options: object) {
    super(options);
    this.#views = views;
    this.view = views.open();
  }

  _close(): Promise<void> {
    this.#views.close(this.view);
    return Promise.resolve();
  }
}
