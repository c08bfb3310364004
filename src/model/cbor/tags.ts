/** Tag numbers of the profile; those above 0x53530000 are Sameseed's own. */
export const tags = {
  positiveBignum: 2,
  negativeBignum: 3,
  array: 40,
  set: 258,
  tuple: 0x53530001,
  frozenset: 0x53530002,
  pairs: 0x53530003,
  namedTuple: 0x53530004,
  dataclass: 0x53530005,
  enum: 0x53530006,
  booleans: 0x53530007,
  texts: 0x53530008,
  byteStrings: 0x53530009,
  opaque: 0x5353000a,
  typed: 0x5353000b,
} as const;
