/** One value of DER: X.690 section 10. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

export const DER = {
  integer: 0x02,
  octets: 0x04,
  oid: 0x06,
  sequence: 0x30,
  context0: 0xa0,
} as const;

/** The values that follow each other in `bytes`. Throws `RangeError` for what is no DER. */
export function derValues(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    const first = bytes.readUInt8(at + 1);
    // Of indefinite length is BER alone; 4 GiB is more than anybody has.
    const extra = first < 0x80 ? 0 : first - 0x80;
    if (first === 0x80 || extra > 4) throw new RangeError('this is no DER');
    const length = extra === 0 ? first : bytes.readUIntBE(at + 2, extra);
    const start = at + 2 + extra;
    if (start + length > bytes.length) throw new RangeError('this is cut off');
    values.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return values;
}

/** The values within one that must have the tag. */
export function derWithin(value: DerValue | undefined, tag: number = DER.sequence) {
  return derValues(derContent(value, tag));
}

export function derContent(value: DerValue | undefined, tag: number): Buffer {
  if (value?.tag !== tag) throw new RangeError('another value is expected here');
  return value.content;
}

/** An object identifier with dots. */
export function derOid(value: DerValue | undefined): string {
  const parts: number[] = [];
  let part = 0;
  for (const byte of derContent(value, DER.oid)) {
    part = part * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (parts.length === 0)
      parts.push(
        Math.min(2, Math.floor(part / 40)),
        part - 40 * Math.min(2, Math.floor(part / 40)),
      );
    else parts.push(part);
    part = 0;
  }
  return parts.join('.');
}

/** A small positive number. */
export function derNumber(value: DerValue | undefined): number {
  const content = derContent(value, DER.integer);
  if (content.length < 1 || content.length > 5) throw new RangeError('the number is too large');
  return content.readUIntBE(0, content.length);
}
