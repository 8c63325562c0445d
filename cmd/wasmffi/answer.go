package main

import (
	"fmt"
	"strconv"
)

// json is the answer as one JSON object. The arguments are in it when C was
// given a pointer to one of them.
func (a *answer) json() []byte {
	b := append([]byte(`{"result":`), a.result...)
	for _, arg := range a.args {
		if arg.readBack {
			b = a.appendArgs(append(b, `,"args":`...))
			break
		}
	}
	if a.errno != 0 {
		b = strconv.AppendInt(append(b, `,"errno":`...), int64(a.errno), 10)
	}
	return append(b, '}')
}

func (a *answer) appendArgs(b []byte) []byte {
	b = append(b, '[')
	for i, arg := range a.args {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, arg.after...)
	}
	return append(b, ']')
}

// print writes the answer for people: the result, then each argument that the
// callee changed, with its number and its name where the prototype has one.
func (a *answer) print(t *terminal) {
	if !a.void {
		t.printf("%s\n", a.result)
	}
	for i, arg := range a.args {
		if arg.before == arg.after {
			continue
		}
		name := ""
		if arg.name != "" {
			name = fmt.Sprintf(" (%s)", arg.name)
		}
		t.printf("arg %d%s = %s\n", i+1, name, arg.after)
	}
}
