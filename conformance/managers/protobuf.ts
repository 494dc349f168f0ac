// As much of the protocol buffers' wire format as a few requests of Kubernetes' CRI need: fields that are strings,
// messages or small numbers. https://protobuf.dev/programming-guides/encoding/

/** Field numbers with their values; an array is a repeated field. */
export interface Message {
  [field: number]: string | number | Message | string[];
}

/** A message's bytes. */
export function encode(message: Message): Buffer {
  const parts = Object.entries(message).flatMap(([field, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values.map((one) => encodeField(Number(field), one));
  });
  return Buffer.concat(parts);
}

function encodeField(field: number, value: string | number | Message): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(field << 3), varint(value)]);
  const bytes = typeof value === 'string' ? Buffer.from(value) : encode(value);
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** The fields of a message by number: the last of each, text or number. */
export function decode(bytes: Buffer): Map<number, string | number> {
  const fields = new Map<number, string | number>();
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = next();
    const value = next();
    if ((key & 7) === 0) fields.set(key >> 3, value);
    else {
      fields.set(key >> 3, bytes.toString('utf8', at, at + value));
      at += value;
    }
  }
  return fields;
}
