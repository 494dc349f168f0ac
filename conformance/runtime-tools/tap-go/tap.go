// Package tap stands in for github.com/mndrix/tap-go, which Debian doesn't have: the functions that the OCI
// runtime-tools validation suite calls. It prints the Test Anything Protocol, version 13.
package tap

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// T prints the assertions of one program.
type T struct {
	// Writer receives the output; nil means standard output.
	Writer io.Writer

	// Of this T and those that Todo made of it.
	assertions *int
	isTodo     bool
}

// New returns a T that prints to standard output.
func New() *T {
	return &T{assertions: new(int)}
}

func (t *T) printf(format string, args ...interface{}) {
	writer := t.Writer
	if writer == nil {
		writer = os.Stdout
	}
	fmt.Fprintf(writer, format, args...)
}

// Header prints the version, and the plan if the number of assertions is known already.
func (t *T) Header(count int) {
	t.printf("TAP version 13\n")
	if count > 0 {
		t.printf("1..%d\n", count)
	}
}

// AutoPlan prints the plan after the assertions.
func (t *T) AutoPlan() {
	t.printf("1..%d\n", *t.assertions)
}

func (t *T) assert(result, description string) {
	directive := "-"
	if t.isTodo {
		directive = "# TODO"
	}
	*t.assertions++
	t.printf("%s %d %s %s\n", result, *t.assertions, directive, description)
}

// Ok prints an assertion.
func (t *T) Ok(passed bool, description string) {
	if passed {
		t.Pass(description)
	} else {
		t.Fail(description)
	}
}

// Pass prints an assertion that holds.
func (t *T) Pass(description string) {
	t.assert("ok", description)
}

// Fail prints an assertion that does not hold.
func (t *T) Fail(description string) {
	t.assert("not ok", description)
}

// Skip prints assertions that were not made.
func (t *T) Skip(count int, description string) {
	for ; count > 0; count-- {
		*t.assertions++
		t.printf("ok %d # SKIP %s\n", *t.assertions, description)
	}
}

// Todo returns a T whose assertions are known not to hold yet.
func (t *T) Todo() *T {
	return &T{Writer: t.Writer, assertions: t.assertions, isTodo: true}
}

// Diagnostic prints a message as comment lines.
func (t *T) Diagnostic(message string) {
	t.printf("# %s\n", strings.ReplaceAll(message, "\n", "\n# "))
}

// Diagnosticf prints a formatted message as comment lines.
func (t *T) Diagnosticf(format string, args ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, args...))
}

// YAML prints a diagnostic block for the assertion before it. JSON is YAML, too.
func (t *T) YAML(value interface{}) error {
	text, err := json.MarshalIndent(value, "  ", "  ")
	if err != nil {
		return err
	}
	t.printf("  ---\n  %s\n  ...\n", text)
	return nil
}
