// Hostile root file systems whose /dev, masked paths or devices lead out of the container, each by its CVE.
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BASE_MOUNTS } from '../bundle.ts';
import { Attacker, UP } from './attack.ts';
import { integration } from './suite.ts';

const { test, runtime } = integration('escape-dev');
const attacker = new Attacker(runtime);
const { victim } = attacker;
const attack: Attacker['attack'] = (changes, prepare) => attacker.attack(changes, prepare);

// CVE-2025-31133: /dev/null of the image is a symlink or another file, which is then mounted over the masked paths.
for (const target of [`${UP}${victim}/file`, '/secret', '/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger']) {
  test(`masked paths do not show ${target.replace(UP, '').replace(runtime.folder, '')} when /dev/null leads there`, () => {
    const mounts = BASE_MOUNTS.filter(({ destination }) => !destination.startsWith('/dev'));
    const process = { args: ['sh', '-c', 'cat /proc/keys /masked; echo evil > /masked'] };
    const linux = { maskedPaths: ['/proc/keys', '/masked'] };
    const { exit, stdout } = attack({ mounts, process, linux }, ({ rootfs }) => {
      symlinkSync(target, join(rootfs, 'dev/null'));
      for (const name of ['masked', 'secret']) writeFileSync(join(rootfs, name), 'secret\n');
    });
    if (exit === 0) assert.is(stdout, '');
  });
}

// CVE-2025-31133: a masked path is itself a symlink.
test('masked and read-only paths that are symlinks do not lead out of the container', () => {
  const linux = { maskedPaths: ['/link', '/dir/file'], readonlyPaths: ['/up'] };
  attack({ linux }, ({ rootfs }) => {
    symlinkSync(`${victim}/file`, join(rootfs, 'link'));
    symlinkSync(victim, join(rootfs, 'dir'));
    symlinkSync(`${UP}${victim}`, join(rootfs, 'up'));
  });
});

// CVE-2025-52565: /dev/console or /dev/pts of the image leads elsewhere when the terminal is mounted on it.
test('a /dev/console and /dev/pts that are symlinks are not followed out of the rootfs', () => {
  const mounts = BASE_MOUNTS.filter(({ destination }) => destination !== '/dev');
  attack({ mounts }, ({ rootfs }) => {
    symlinkSync(`${victim}/console`, join(rootfs, 'dev/console'));
    symlinkSync(victim, join(rootfs, 'dev/pts'));
  });
});

// CVE-2026-41579: /dev of the image is a symlink; links and ptmx are removed and made in a folder of the host.
for (const target of [victim, `${UP}${victim}`]) {
  test(`a rootfs whose /dev is a symlink ${target === victim ? '' : 'with ".." '}does not change that folder of the host`, () => {
    for (const mounts of [BASE_MOUNTS, BASE_MOUNTS.filter(({ destination }) => !destination.startsWith('/dev'))]) {
      attack({ mounts }, ({ rootfs }) => {
        rmSync(join(rootfs, 'dev'), { recursive: true });
        symlinkSync(target, join(rootfs, 'dev'));
      });
    }
  });
}

test('devices through symlinks of the rootfs are not made on the host', () => {
  const devices = ['/link/zero', '/up/zero', '/single'].map((path) => ({
    path,
    type: 'c' as const,
    major: 1,
    minor: 5,
  }));
  attack({ linux: { devices } }, ({ rootfs }) => {
    symlinkSync(victim, join(rootfs, 'link'));
    symlinkSync(`${UP}${victim}`, join(rootfs, 'up'));
    symlinkSync(`${victim}/file`, join(rootfs, 'single'));
  });
});

test.run();
