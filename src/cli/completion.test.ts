import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { completions, printCompletionScript } from './completion.ts';

const test = suite('cli/completion');

const completed: [string, string[]][] = [
  ['runts ', ['create', 'kill', 'help']],
  ['runts help ', ['create', 'kill']],
  ['runts --', ['--root', '--log-format']],
  ['runts --log-format ', ['text', 'json']],
  ['runts --root /r create --', ['--bundle', '--pid-file']],
  ['runts list --format ', ['table', 'json']],
];

for (const [line, expected] of completed) {
  test(`"${line}" can go on with ${expected.join(', ')}`, async () => {
    const offered = (await completions(line.split(' '))).map((word) => word.replace(/[:\t].*/, ''));
    assert.equal(
      expected.filter((word) => !offered.includes(word)),
      [],
    );
  });
}

test('commands that are not supported yet have nothing to go on with', async () => {
  assert.equal(await completions(['runts', 'checkpoint', '--']), []);
});

test('the completion script asks runts for words', () => {
  const { log } = console;
  let printed = '';
  console.log = (text: string) => {
    printed += text;
  };
  try {
    printCompletionScript();
  } finally {
    console.log = log;
  }
  assert.match(printed, 'runts --get-yargs-completions');
});

test.run();
