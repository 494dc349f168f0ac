// Go programs write null for what they leave out. The specification's schema refuses it and runc takes it as absent:
// managers rely on the latter, so it is what happens here.

// In these objects the keys are names and not properties: leaving one out would lose, say, a sysctl.
const MAPS = new Set(['annotations', 'sysctl', 'netDevices', 'timeOffsets', 'rdma', 'unified']);

/** A copy without properties whose value is null. Array entries and the values of maps stay. */
export function withoutNulls(value: unknown): unknown {
  return copy(value, false);
}

function copy(value: unknown, isMap: boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => copy(entry, false));
  const entries = Object.entries(value).filter(([, member]) => isMap || member !== null);
  return Object.fromEntries(entries.map(([key, member]) => [key, copy(member, !isMap && MAPS.has(key))]));
}
