// Runs one case under one runtime and gathers what is to be seen: the probe's dump, the hooks', new files.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { type Bundle, makeBundle, mergeChanges, writeConfig } from '../bundle.ts';
import { hostMounts } from '../integration/host.ts';
import type { Case, Place } from './case.ts';
import type { Seen } from './compare.ts';
import { type Fields, fieldsOf, hookFields, type Names, parseLines } from './dump.ts';
import { CONTAINER_LOOK, HOOK_LOOK } from './look.ts';

const TIME_LIMIT_MS = 20_000;

export interface RuntimeUnderTest {
  name: string;
  path: string;
}

/** What all runs share. */
export interface Setting {
  folder: string;
  /** The probe's executable. */
  probe: string;
  sandbox: Place['sandbox'];
  namespaces: Names['namespaces'];
}

/** Runs a case and removes what it made. `id` is the same for all runtimes, so that cgroups have the same names. */
export async function execute(
  one: Case,
  runtime: RuntimeUnderTest,
  { id, setting }: { id: string; setting: Setting },
): Promise<Seen> {
  const work = join(setting.folder, `${id}-${runtime.name}`);
  mkdirSync(work, { recursive: true });
  const place = makePlace(work, setting);
  const bundle = prepare(one, place, id);
  const before = new Set(names(bundle.rootfs));
  const root = join(work, 'root');
  const { status, out, err } = await runToEnd(
    [
      ...(one.caller ?? []),
      runtime.path,
      '--root',
      root,
      'run',
      ...(one.flags ?? []),
      '--bundle',
      bundle.directory,
      id,
    ],
    one,
    work,
  );
  const lines = parseLines(out);
  const ran = lines.at(-1)?.[0] === 'end';
  const known = {
    namespaces: setting.namespaces,
    replacements: [
      [work, 'WORK'],
      // In mountinfo a path begins at the root of its file system.
      [`/${basename(setting.folder)}/${basename(work)}`, 'WORK'],
      [setting.folder, 'FOLDER'],
      [id, 'ID'],
    ] as const,
  };
  const fields = new Map([...fieldsOf(lines, known), ...hooks(place, bundle, known), ...made(bundle.rootfs, before)]);
  fields.set('exit status', String(status));
  await runToEnd([runtime.path, '--root', root, 'delete', '--force', id], {}, work);
  unmount(work);
  rmSync(work, { recursive: true, force: true });
  return { runtime: runtime.name, ran, fields, message: err };
}

function makePlace(work: string, setting: Setting): Place {
  const list = join(work, 'hook.list');
  writeFileSync(list, `${HOOK_LOOK.join('\n')}\n`);
  return {
    folder: work,
    sandbox: setting.sandbox,
    probe: { program: setting.probe, list, log: join(work, 'hook.log') },
  };
}

function prepare(one: Case, place: Place, id: string): Bundle {
  const bundle = makeBundle(join(place.folder, 'bundle'), { process: { args: ['/probe'] } });
  const changes = typeof one.changes === 'function' ? one.changes(place) : (one.changes ?? {});
  for (const change of Array.isArray(changes) ? changes : [changes]) mergeChanges(bundle.config, change);
  const { linux } = bundle.config;
  if (linux?.cgroupsPath !== undefined) linux.cgroupsPath = linux.cgroupsPath.replace('ID', id);
  copyFileSync(place.probe.program, join(bundle.rootfs, 'probe'));
  writeFileSync(join(bundle.rootfs, 'probe.list'), `${[...CONTAINER_LOOK, ...(one.look ?? [])].join('\n')}\n`);
  copyFileSync(place.probe.list, join(bundle.rootfs, 'hook.list'));
  one.prepare?.(bundle, place);
  writeConfig(bundle.directory, one.edit?.(bundle.config) ?? bundle.config);
  return bundle;
}

interface Ended {
  status: number | string | null;
  out: string;
  err: string;
}

// Files, because a container may keep its streams open. A runtime and its container have their own process group.
function runToEnd(
  [file = '', ...args]: string[],
  { descriptors = [] }: Pick<Case, 'descriptors'>,
  work: string,
): Promise<Ended> {
  const outputs = [join(work, 'out'), join(work, 'err')] as const;
  // Not /dev/null: crun changes the owner of the caller's streams.
  const input = join(work, 'in');
  writeFileSync(input, '');
  const stdio = [
    openSync(input, 'r'),
    ...outputs.map((path) => openSync(path, 'w')),
    ...descriptors.map((path) => openSync(path, 'r')),
  ];
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
  const child = spawn(file, args, { stdio, env, cwd: work, detached: true });
  for (const descriptor of stdio) closeSync(descriptor);
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), TIME_LIMIT_MS);
    child.once('error', reject);
    child.once('exit', (status, signal) => {
      clearTimeout(limit);
      resolve({
        status: status ?? signal,
        out: readFileSync(outputs[0], 'utf8'),
        err: readFileSync(outputs[1], 'utf8'),
      });
    });
  });
}

function hooks(place: Place, { rootfs }: Bundle, known: Names): Fields {
  const logs = [place.probe.log, join(rootfs, 'hook.log')].filter((path) => existsSync(path));
  // Not in the order of time: what runs in the container writes there.
  return new Map(
    logs.flatMap((path) =>
      [...hookFields(readFileSync(path, 'utf8'), known)].map(([name, value]): [string, string] => [
        name === 'hook order' && path.startsWith(rootfs) ? 'hook order inside' : name,
        value,
      ]),
    ),
  );
}

// Where a container has no mount namespace, a runtime may leave mounts: what they show must not be removed.
function unmount(folder: string): void {
  const points = hostMounts().filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse()) spawnSync('umount', ['--lazy', point]);
  if (hostMounts().some((point) => point.startsWith(`${folder}/`))) throw new Error(`mounts are left in ${folder}`);
}

// Links are not followed.
function names(rootfs: string, folder = ''): string[] {
  return readdirSync(join(rootfs, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = join(folder, entry.name);
    return [name, ...(entry.isDirectory() ? names(rootfs, name) : [])];
  });
}

/** What the runtime has made in the root file system, mount points above all. */
function made(rootfs: string, before: Set<string>): Fields {
  const added = names(rootfs).filter((name) => !before.has(name) && !/^(probe\.|hook\.)/.test(name));
  return new Map(
    added.map((name) => {
      const { mode, uid, gid } = lstatSync(join(rootfs, name));
      return [`made /${name}`, `${mode.toString(8)} ${uid}:${gid}`];
    }),
  );
}
