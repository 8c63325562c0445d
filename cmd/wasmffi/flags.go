package main

import (
	"errors"
	"flag"
	"io"
	"strings"
	"unicode"
)

// errHelp asks for the command's help.
var errHelp = errors.New("help")

// A flagSet is a flag.FlagSet whose flags may stand among the other words. A
// word such as -1 or -inf is no flag, and nothing is after "--".
type flagSet struct {
	*flag.FlagSet
	// other, where set, takes words that look like flags and are none of the
	// set's. It reports whether it did.
	other func(word string) bool
	// rest are the words after "--"; hasRest tells that there was one.
	rest    []string
	hasRest bool
}

func newFlags(name string) *flagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return &flagSet{FlagSet: fs}
}

// parse sets the flags and returns the other words, those after "--" not among
// them.
func (fs *flagSet) parse(args []string) (words []string, err error) {
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		if word == "--" {
			fs.rest, fs.hasRest = args, true
			break
		}
		if !looksLikeFlag(word) {
			words = append(words, word)
			continue
		}
		name, val, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
		f := fs.Lookup(name)
		switch {
		case f == nil && fs.other != nil && fs.other(word):
			continue
		case f == nil && (name == "h" || name == "help"):
			return nil, errHelp
		case f == nil:
			return nil, usagef("%s: no flag %s; see wasmffi help %s", fs.Name(), word, fs.Name())
		case hasValue:
		case isBoolFlag(f):
			val = "true"
		case len(args) == 0:
			return nil, usagef("%s: %s needs a value", fs.Name(), word)
		default:
			val, args = args[0], args[1:]
		}
		if err := fs.Set(name, val); err != nil {
			return nil, usagef("%s: %s %s: %v", fs.Name(), strings.TrimSuffix(word, "="+val), val, err)
		}
	}
	return words, nil
}

// looksLikeFlag reports whether a word is meant as a flag: a dash and then a
// letter, unless it is a number that JSON has no digits for.
func looksLikeFlag(word string) bool {
	name, dash := strings.CutPrefix(word, "-")
	name = strings.TrimPrefix(name, "-")
	return dash && name != "" && unicode.IsLetter(rune(name[0])) && word != "-inf" && word != "-nan"
}

func isBoolFlag(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// listFlag is a flag that may be given several times.
type listFlag []string

func (l *listFlag) String() string { return strings.Join(*l, " ") }

func (l *listFlag) Set(s string) error {
	*l = append(*l, s)
	return nil
}
