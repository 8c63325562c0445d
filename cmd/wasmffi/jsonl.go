package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// lines calls answer for each line of stdin that is not blank and writes the
// JSON object it returns as a line of its own, at once where nobody has sent
// more yet: whoever asks may be waiting. It stops after the answer that stop
// comes with.
func (t *terminal) lines(answer func(line []byte) (reply []byte, stop bool)) error {
	in := bufio.NewReaderSize(t.in, 1<<16)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("wasmffi: stdin: %w", err)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			reply, stop := answer(line)
			t.out.Write(append(reply, '\n'))
			if stop {
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if in.Buffered() == 0 {
			if err := t.out.Flush(); err != nil {
				return fmt.Errorf("wasmffi: %w", err)
			}
		}
	}
}

// errorReply is {"error":"…"}.
func errorReply(err error) []byte {
	return append(appendString([]byte(`{"error":`), err.Error()), '}')
}

// answerLines answers the calls on stdin. An error ends that call only.
func answerLines(t *terminal, s *session, o *opened) error {
	failed := false
	err := t.lines(func(line []byte) (reply []byte, stop bool) {
		if o.native {
			t.out.Flush() // a crash shall not take the answers so far with it
		}
		a, err := answerLine(line, s, o)
		if err != nil {
			failed = true
			return errorReply(err), o.stuck
		}
		return a.json(), false
	})
	if err == nil && failed {
		err = errReported
	}
	return err
}

func answerLine(line []byte, s *session, o *opened) (*answer, error) {
	v, err := readObject(line, "proto", "args")
	if err != nil {
		return nil, s.fail("", 0, err)
	}
	proto, _ := v.member("proto")
	args, hasArgs := v.member("args")
	if proto.kind != stringValue {
		return nil, s.fail("", 0, errors.New(`no "proto"`))
	}
	if hasArgs && args.kind != arrayValue {
		return nil, s.fail("", 0, errors.New(`"args" is no array`))
	}
	return o.bounded(s, proto.text, args.elems)
}

// readObject reads a JSON object that has no members but these.
func readObject(text []byte, members ...string) (value, error) {
	v, err := readValue(text)
	if err != nil {
		return v, err
	}
	if v.kind != objectValue {
		return v, errors.New("the line is no JSON object")
	}
	for _, m := range v.members {
		if !slices.Contains(members, m) {
			return v, fmt.Errorf("%q is none of %q", m, members)
		}
	}
	return v, nil
}
