import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planPersonality } from './personality.ts';

const test = suite('plan/personality');

test('LINUX and LINUX32 are the numbers of personality.h', () => {
  assert.equal([planPersonality({ domain: 'LINUX' }), planPersonality({ domain: 'LINUX32', flags: [] })], [0, 8]);
});

test('without personality nothing is set', () => assert.is(planPersonality(undefined), undefined));

test.run();
