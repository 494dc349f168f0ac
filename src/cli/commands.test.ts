import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { commands, globals, isCommandName } from './commands.ts';
import { readValue } from './values.ts';

const test = suite('cli/commands');

const specs = Object.entries<CommandSpec>({ ...commands, globals });

/** The options of `runc COMMAND --help`, version 1.1.5. */
const runcOptions: Record<string, string> = {
  create: 'bundle b console-socket pid-file no-pivot no-new-keyring preserve-fds',
  run: 'bundle b console-socket detach d keep pid-file no-subreaper no-pivot no-new-keyring preserve-fds',
  start: '',
  state: '',
  kill: 'all a',
  delete: 'force f',
  list: 'format f quiet q',
  spec: 'bundle b rootless',
  exec:
    'console-socket cwd env e tty t user u additional-gids g process p detach d pid-file process-label ' +
    'apparmor no-new-privs cap c preserve-fds cgroup ignore-paused',
  features: '',
  events: 'interval stats',
  pause: '',
  resume: '',
  ps: 'format f',
  update:
    'resources r blkio-weight cpu-period cpu-quota cpu-share cpu-rt-period cpu-rt-runtime cpuset-cpus cpuset-mems ' +
    'memory memory-reservation memory-swap pids-limit l3-cache-schema mem-bw-schema',
  checkpoint:
    'image-path work-path parent-path leave-running tcp-established ext-unix-sk shell-job lazy-pages status-fd ' +
    'page-server file-locks pre-dump manage-cgroups-mode empty-ns auto-dedup',
  restore:
    'console-socket image-path work-path tcp-established ext-unix-sk shell-job file-locks manage-cgroups-mode ' +
    'bundle b detach d pid-file no-subreaper no-pivot empty-ns auto-dedup lazy-pages lsm-profile lsm-mount-context',
  globals: 'debug log log-format root criu systemd-cgroup rootless version v',
};

for (const [name, options] of Object.entries(runcOptions)) {
  test(`${name} has all options of runc`, () => {
    const spec = name === 'globals' ? globals : commands[commandOf(name)];
    const known = spellings(spec);
    const missing = options.split(' ').filter((option) => option !== '' && !known.includes(option));
    assert.equal(missing, []);
  });
}

test('no two options of a command have the same spelling, and none takes the place of help', () => {
  for (const [name, spec] of specs) {
    const all = [...spellings(spec), 'help', 'h'];
    assert.equal(
      all.filter((option, index) => all.indexOf(option) !== index),
      [],
      name,
    );
  }
});

test('every default is a value that the option accepts', () => {
  for (const [name, option] of allOptions()) {
    if (option.default !== undefined) assert.is(readValue(option, String(option.default)), option.default, name);
  }
});

test('help texts are one line without a full stop', () => {
  for (const [name, { help }] of allOptions()) assert.match(help, /^[^\n]{5,120}[^.\n]$/, name);
  for (const [name, { summary }] of specs) assert.match(summary, /^[^\n]{5,80}[^.\n]$/, name);
});

test('names that objects inherit are no commands', () => {
  assert.equal(['toString', 'constructor', '__proto__', ''].filter(isCommandName), []);
});

function commandOf(name: string): keyof typeof commands {
  if (!isCommandName(name)) throw new Error(`no command ${name}`);
  return name;
}

function spellings({ options }: CommandSpec): string[] {
  return Object.entries(options).flatMap(([name, { alias }]) => (alias === undefined ? [name] : [name, alias]));
}

function allOptions(): [string, OptionSpec][] {
  return specs.flatMap(([, { options }]) => Object.entries(options));
}

test.run();
