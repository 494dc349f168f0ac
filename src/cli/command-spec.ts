// The shape of the table of commands, and the types of parsed results that follow from it. Types only.

/** One option of the command line. */
export interface OptionSpec {
  readonly type: 'flag' | 'string' | 'integer' | 'string-list';
  /** The one-letter spelling. */
  readonly alias?: string;
  readonly default?: string | number;
  /** The only values a string may have. */
  readonly choices?: readonly string[];
  /** Bounds of an integer, both allowed. */
  readonly min?: number;
  readonly max?: number;
  readonly help: string;
  /** Why the option is refused; with `notYetFor`, only when it has that value. */
  readonly notYet?: string;
  readonly notYetFor?: string;
  /** An empty string is an error; elsewhere it means that the option isn't given. */
  readonly refusesEmpty?: true;
}

export interface ArgumentsSpec {
  /** As the usage line shows them, e.g. `<container-id> [signal]`. */
  readonly text: string;
  readonly min: number;
  /** Any number when absent. */
  readonly max?: number;
}

/** One command, or the global part of the command line. */
export interface CommandSpec {
  readonly summary: string;
  readonly arguments: ArgumentsSpec;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly implemented: boolean;
  /** What follows the first argument belongs to someone else, e.g. to the program that `exec` runs. */
  readonly stopsAtFirstArgument?: true;
  /** After the first argument, unknown options are arguments, e.g. for ps(1). */
  readonly passesUnknownOptions?: true;
  /** `CMD --help` fails while the command isn't implemented, because managers take success for support. */
  readonly refusesHelp?: true;
}

export type OptionValue = boolean | number | string | string[];

type ValueOf<Option> = Option extends { type: 'flag' }
  ? boolean
  : Option extends { type: 'integer' }
    ? number
    : Option extends { type: 'string-list' }
      ? string[]
      : Option extends { choices: readonly (infer Choice)[] }
        ? Choice
        : string;

type AlwaysSet<Options> = {
  [Name in keyof Options]: Options[Name] extends { type: 'flag' | 'string-list' } | { default: string | number }
    ? Name
    : never;
}[keyof Options];

/** Flags, lists and options with a default are always there; the others only when given. */
export type OptionValues<Options> = { -readonly [Name in AlwaysSet<Options>]: ValueOf<Options[Name]> } & {
  -readonly [Name in Exclude<keyof Options, AlwaysSet<Options>>]?: ValueOf<Options[Name]>;
};

/** A tuple as long as the minimum and maximum say. */
export type ArgumentValues<Spec> = Spec extends { min: 0; max: 0 }
  ? []
  : Spec extends { min: 1; max: 1 }
    ? [string]
    : Spec extends { min: 1; max: 2 }
      ? [string, string?]
      : Spec extends { min: 1 }
        ? [string, ...string[]]
        : string[];
