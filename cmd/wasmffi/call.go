package main

import (
	"context"
	"errors"
	"time"

	"github.com/wasmffi/wasmffi"
)

var callCommand = command{
	name:  "call",
	usage: "LIB 'PROTOTYPE' [ARG…]",
	short: "call a function of a library, or with --jsonl many",
	help: `Calls a function of a WebAssembly module or a shared library and prints its
result, then each argument that it changed.

  wasmffi call libm.so.6 'double cos(double)' 0.5
  wasmffi call libc.so.6 'int snprintf(char *s, size_t n, const char *f, ...)' \
      '{"c":"char[32]","v":""}' 32 '%d items' 3
  wasmffi call geo.wasm -e 'struct point { double x, y; };' \
      'double length(struct point)' '{"x":3,"y":4}'
  wasmffi call geo.wasm area 3 4            (declared by the library's debug info)

LIB is a path, or a name that the system's loader or package host knows. Each
ARG is a JSON value; a word that is no JSON is taken as a string.

Declarations:
  -e 'C TEXT'   declarations in C; may be repeated
  -H FILE       a C header; may be repeated
  -I DIR        where headers are looked for; may be repeated

Values:
  integers and enums   numbers, or "0x1f"; __int128 as a string of digits
  _Bool                true, false
  floats               numbers, "nan", "inf", "-inf"; _Complex as [re, im]
  struct               object by member name, or array by position
  union                object with one member
  arrays               array; char[n] also as a string
  char *, wchar_t *    string, or null
  other pointers       null, an address, or the value to point to: an object for
                       one, an array for several; printed again after the call
  {"c":"char[64]","v":"abc"}
                       any argument with its C type: a buffer behind a pointer,
                       or what "..." cannot tell
Bytes of a string that are no UTF-8 are written as "\udc80" to "\udcff".

Flags:
  --json             print {"result":…,"args":[…],"errno":…}
  --jsonl            read calls from stdin, {"proto":"…","args":[…]} one a line,
                     and answer each with a line of JSON
  --timeout 2s       end a call that takes longer (default 10s in the sandbox);
                     natively, end the command
  --sandbox          refuse anything but WebAssembly
For the sandbox, where nothing is allowed that is not named:
  --mem 64MiB        the most memory (default 256MiB)
  --fuel N           the most work a call may do, in wasm instructions or so
  --dir HOST:GUEST   let C use a directory of this machine, under the name GUEST;
                     with :ro after it, only read it
  --env K=V          set an environment variable
  --sha256 HEX       open no other file than the one with this hash, which
                     wasmffi inspect prints
  --cache DIR        keep the compiled module there for the next time; it is
                     believed only under a key of yours that is kept elsewhere
`,
	run: runCall,
}

type callFlags struct {
	decls   declFlags
	sandbox sandboxFlags
	json    bool
	jsonl   bool
	timeout time.Duration
}

func runCall(t *terminal, args []string) error {
	var f callFlags
	fs := newFlags("call")
	f.decls.register(fs)
	f.sandbox.register(fs)
	fs.BoolVar(&f.json, "json", false, "")
	fs.BoolVar(&f.jsonl, "jsonl", false, "")
	fs.Func("timeout", "", func(s string) (err error) {
		if f.timeout, err = time.ParseDuration(s); err != nil || f.timeout <= 0 {
			return errors.New("not a time such as 2s")
		}
		return nil
	})
	words, err := fs.parse(args)
	if err != nil {
		return err
	}
	words = append(words, fs.rest...)
	switch {
	case len(words) == 0 || words[0] == "":
		return usagef("call: no library given; see wasmffi help call")
	case f.jsonl && len(words) > 1:
		return usagef("call: %q is too much: with --jsonl the calls come from stdin", words[1])
	case !f.jsonl && len(words) == 1:
		return usagef("call: no prototype given; see wasmffi help call")
	}
	o, err := openLibrary(t, words[0], &f)
	if err != nil {
		return err
	}
	s, err := newSession(o.lib, &f.decls, o.flush)
	if err == nil {
		if f.jsonl {
			err = answerLines(t, s, o)
		} else {
			err = callOnce(t, s, o, words[1], words[2:])
		}
	}
	o.close()
	return err
}

// callOnce makes the one call of the command line.
func callOnce(t *terminal, s *session, o *opened, proto string, words []string) error {
	args := make([]value, len(words))
	for i, w := range words {
		args[i] = wordValue(w)
	}
	a, err := o.bounded(s, proto, args)
	if err != nil {
		return err
	}
	if o.flags.json {
		t.printf("%s\n", a.json())
		return nil
	}
	a.print(t)
	if a.errno != 0 && (a.result == "-1" || a.result == "null" && !a.void) {
		t.say("errno %d", a.errno) // else it tells nothing: C's functions leave it at random
	}
	return nil
}

// bounded makes a call under the time limit.
func (o *opened) bounded(s *session, proto string, args []value) (*answer, error) {
	if o.flags.timeout == 0 {
		return s.call(context.Background(), proto, args)
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.flags.timeout)
	defer cancel()
	if !o.native {
		return s.call(ctx, proto, args)
	}
	// Nothing can end native code but the end of the process.
	type outcome struct {
		a   *answer
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		a, err := s.call(ctx, proto, args)
		done <- outcome{a, err}
	}()
	select {
	case r := <-done:
		return r.a, r.err
	case <-time.After(o.flags.timeout):
		o.stuck = true
		return nil, &wasmffi.Error{Op: "call", Library: o.lib.Name(), Symbol: protoName(proto),
			Err: timeoutError{o.flags.timeout}}
	}
}
