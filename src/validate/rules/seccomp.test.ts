import { suite } from 'uvu';
import { testRules } from '../fixtures/cases.ts';
import { seccompRules } from './seccomp.ts';

const test = suite('validate/rules/seccomp');
const S = '/linux/seccomp';
const rule = (action: string, errnoRet?: number) => ({
  names: ['getcwd'],
  action,
  ...(errnoRet !== undefined && { errnoRet }),
});
const allow = { defaultAction: 'SCMP_ACT_ALLOW' };
const noErrno = (action: string) => `must not be set: ${action} returns no errno`;

testRules(test, seccompRules, [
  { name: 'no profile is good', set: {}, problems: [] },
  {
    name: 'ERRNO and TRACE may have an errno',
    set: {
      [S]: {
        defaultAction: 'SCMP_ACT_ERRNO',
        defaultErrnoRet: 38,
        syscalls: [
          rule('SCMP_ACT_ERRNO', 4095),
          rule('SCMP_ACT_TRACE', 65535),
          rule('SCMP_ACT_ALLOW'),
          rule('SCMP_ACT_ERRNO', 0),
        ],
      },
    },
    problems: [],
  },
  {
    name: 'other actions must not have one',
    set: { [S]: { ...allow, defaultErrnoRet: 1, syscalls: [rule('SCMP_ACT_KILL', 1), rule('SCMP_ACT_LOG', 0)] } },
    problems: [
      `${S}/defaultErrnoRet ${noErrno('SCMP_ACT_ALLOW')}`,
      `${S}/syscalls/0/errnoRet ${noErrno('SCMP_ACT_KILL')}`,
      `${S}/syscalls/1/errnoRet ${noErrno('SCMP_ACT_LOG')}`,
    ],
  },
  {
    name: 'an errno must fit the kernel',
    set: { [S]: { ...allow, syscalls: [rule('SCMP_ACT_ERRNO', 4096), rule('SCMP_ACT_TRACE', 65536)] } },
    problems: [
      `${S}/syscalls/0/errnoRet must be at most 4095 for SCMP_ACT_ERRNO`,
      `${S}/syscalls/1/errnoRet must be at most 65535 for SCMP_ACT_TRACE`,
    ],
  },
  {
    name: 'SCMP_ACT_NOTIFY needs a listener',
    set: { [S]: { ...allow, syscalls: [rule('SCMP_ACT_NOTIFY')] } },
    problems: [`${S}/listenerPath is missing: SCMP_ACT_NOTIFY needs a listener`],
  },
  {
    name: 'so does SCMP_ACT_NOTIFY as the default',
    set: { [S]: { defaultAction: 'SCMP_ACT_NOTIFY', listenerPath: '' } },
    problems: [`${S}/listenerPath is missing: SCMP_ACT_NOTIFY needs a listener`],
  },
  {
    name: 'SCMP_ACT_NOTIFY with a listener is good',
    set: { [S]: { ...allow, listenerPath: '/run/x.sock', listenerMetadata: 'x', syscalls: [rule('SCMP_ACT_NOTIFY')] } },
    problems: [],
  },
  {
    name: 'a listener without SCMP_ACT_NOTIFY is ignored',
    set: { [S]: { ...allow, listenerPath: '/run/x.sock' } },
    problems: [],
  },
  {
    name: 'listenerMetadata needs listenerPath',
    set: { [S]: { ...allow, listenerMetadata: 'x' } },
    problems: [`${S}/listenerMetadata must not be set without listenerPath`],
  },
]);

test.run();
