// Package realmodules has tests of package host on wasm modules that others have
// made: a database, an image codec, a regular expression engine, a parser's
// tables. They are fetched when the tests run, from the Go module proxy into the
// module cache, or from npm into a temporary directory, and are no dependencies
// of this module. What cannot be fetched is left out, loudly.
package realmodules
