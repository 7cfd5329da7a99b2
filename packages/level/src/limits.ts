/** Every limit of this package, with its reason. */

/** Bytes of a key, unless the option `keyBytesMax` says less: what the record format can carry, as Level has no limit of its own. */
export const levelKeyBytesMaxDefault = 65_535;

/** Keys that `clear` deletes in one batch: about a millisecond. */
export const levelKeysPerBatch = 1_000;
