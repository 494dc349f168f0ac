import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assemble } from '../final/assemble.ts';
import { placeholderScript } from './placeholder.ts';

const test = suite('init/placeholder');

test('it is small', () => assert.ok(assemble(placeholderScript(3).program, 'x64').length < 4096));

test.run();
