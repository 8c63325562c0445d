package memory

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
