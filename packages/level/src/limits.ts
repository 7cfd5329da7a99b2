/** Every limit of this package, with its reason. */

/** Bytes of a key, unless the option `keyBytesMax` says less: what the record format can carry, as Level has no limit of its own. */
export const levelKeyBytesMaxDefault = 65_535;

/** Entries that are read or cleared before others have their turn: about a millisecond. */
export const levelEntriesPerTurn = 1_000;
