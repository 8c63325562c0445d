package memory

import (
	"fmt"
	"strings"
)

// A Record is a struct or union as a Go value: its members in order of
// declaration. The members of anonymous members are among them.
type Record []Member

// A Member is a named value in a [Record].
type Member struct {
	Name  string
	Value any
}

// Get is the value of the member of this name.
func (r Record) Get(name string) (value any, ok bool) {
	for _, m := range r {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// String is the record as "{x: 1, y: 2}": for people to read.
func (r Record) String() string {
	var b strings.Builder
	for i, m := range r {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s: %v", m.Name, m.Value)
	}
	return "{" + b.String() + "}"
}
