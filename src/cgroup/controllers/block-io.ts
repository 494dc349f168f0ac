// linux.resources.blockIO to files of the v1 controller blkio and the v2 controller io (cgroup-v1/blkio-controller.rst;
// block/bfq-iosched.rst; cgroup-v2.rst, "IO").
import type { BlockIo, Throttle } from '../../bundle/config.ts';
import { type CgroupFiles, type CgroupWrite, isSet, refuse } from '../write.ts';

type WeightDevice = NonNullable<BlockIo['weightDevice']>[number];

const NO_WEIGHTS = 'the kernel has no I/O scheduler with weights (BFQ)';

const THROTTLES = [
  ['throttleReadBpsDevice', 'blkio.throttle.read_bps_device', 'rbps'],
  ['throttleWriteBpsDevice', 'blkio.throttle.write_bps_device', 'wbps'],
  ['throttleReadIOPSDevice', 'blkio.throttle.read_iops_device', 'riops'],
  ['throttleWriteIOPSDevice', 'blkio.throttle.write_iops_device', 'wiops'],
] as const;

/** cgroup v1: weights are BFQ's or, on old kernels, CFQ's. */
export function blockIoV1(blockIo: BlockIo, cgroup: CgroupFiles): CgroupWrite[] {
  const at = `${cgroup.pointer}/blockIO`;
  const writes: CgroupWrite[] = [];
  const { weight, leafWeight, weightDevice = [] } = blockIo;
  const put = (pointer: string, files: string[], value: string | undefined) => {
    if (value === undefined) return;
    const file = files.find((name) => cgroup.read(name) !== undefined);
    writes.push({ file: file ?? refuse(pointer, NO_WEIGHTS), value, pointer });
  };
  put(`${at}/weight`, ['blkio.bfq.weight', 'blkio.weight'], textOf(weight));
  put(`${at}/leafWeight`, ['blkio.leaf_weight'], textOf(leafWeight));
  weightDevice.forEach((device, index) => {
    const here = `${at}/weightDevice/${index}`;
    put(`${here}/weight`, ['blkio.bfq.weight_device', 'blkio.weight_device'], line(device, device.weight));
    put(`${here}/leafWeight`, ['blkio.leaf_weight_device'], line(device, device.leafWeight));
  });
  for (const [property, file] of THROTTLES) {
    blockIo[property]?.forEach(({ major, minor, rate }, index) => {
      writes.push({ file, value: `${major}:${minor} ${rate}`, pointer: `${at}/${property}/${index}` });
    });
  }
  return writes;
}

/** cgroup v2. */
export function blockIoV2(blockIo: BlockIo, cgroup: CgroupFiles): CgroupWrite[] {
  const at = `${cgroup.pointer}/blockIO`;
  const { weight, leafWeight, weightDevice = [] } = blockIo;
  if (isSet(leafWeight)) refuse(`${at}/leafWeight`, 'cgroup v2 has no leaf weights');
  const writes = isSet(weight) ? weightV2(weight, `${at}/weight`, cgroup) : [];
  weightDevice.forEach((device, index) => {
    const here = `${at}/weightDevice/${index}`;
    if (isSet(device.leafWeight)) refuse(`${here}/leafWeight`, 'cgroup v2 has no leaf weights');
    if (isSet(device.weight)) writes.push(...weightV2(device.weight, `${here}/weight`, cgroup, device));
  });
  for (const [property, , key] of THROTTLES) {
    blockIo[property]?.forEach((throttle, index) => {
      writes.push({ file: 'io.max', value: throttleV2(throttle, key), pointer: `${at}/${property}/${index}` });
    });
  }
  return writes;
}

/**
 * cgroup v1's 10 to 1000 as io.weight's 1 to 10000, in a straight line (crun(1), "IO controller"). BFQ's own file has
 * v1's range.
 */
export function ioWeightOf(weight: number): number {
  return 1 + Math.trunc(((weight - 10) * 9999) / 990);
}

// BFQ and io.cost have a file each, and which of them counts depends on the device: whatever is there is written.
function weightV2(weight: number, pointer: string, { read }: CgroupFiles, device?: WeightDevice): CgroupWrite[] {
  const number = device === undefined ? '' : `${device.major}:${device.minor} `;
  const ioWeight = Math.max(ioWeightOf(weight), 1);
  const writes = [
    { file: 'io.bfq.weight', value: `${number}${weight}`, pointer },
    { file: 'io.weight', value: device === undefined ? `default ${ioWeight}` : `${number}${ioWeight}`, pointer },
  ].filter(({ file }) => read(file) !== undefined);
  if (writes.length === 0) refuse(pointer, `${NO_WEIGHTS}, and no io.cost`);
  // A device that BFQ does not schedule.
  return writes.map((write) => (writes.length === 2 ? { ...write, harmless: ['EOPNOTSUPP'] } : write));
}

// In v1 a rate of 0 takes the limit away; v2 says `max` for that.
function throttleV2({ major, minor, rate }: Throttle, key: string): string {
  return `${major}:${minor} ${key}=${isSet(rate) ? rate : 'max'}`;
}

function textOf(weight: number | undefined): string | undefined {
  return isSet(weight) ? String(weight) : undefined;
}

function line({ major, minor }: WeightDevice, weight: number | undefined): string | undefined {
  return isSet(weight) ? `${major}:${minor} ${weight}` : undefined;
}
