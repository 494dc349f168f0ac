// What the parts of the probe share. A field is one line of output: its name, a tab, its value with escapes.
#pragma once

/** Prints a field whose value is text of `length` bytes. */
void field_bytes(const char *name, const char *value, long length);

/** Prints a field; the value as in printf(3). */
void field(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Prints a field that could not be read: `!` and the errno's name. */
void field_failed(const char *name);

/** What only system calls tell about this process. */
void print_process(void);

/** Tries what the kernel may forbid, in a child process, and prints its errno's name or `ok`. */
void try_call(const char *name);
