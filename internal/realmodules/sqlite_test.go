package realmodules

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
)

// SQLite 3.51, whose files are kept by functions that it imports. Its table has a
// maximum of what it holds, and neither the table nor the stack pointer nor a
// malloc is exported.
var sqliteModule = source{
	module: "github.com/ncruces/go-sqlite3@v0.30.5", file: "embed/sqlite3.wasm",
	sha256: "9189d7287b2b90540d71c0c25ef202d1610a240230ef1e437369e3542c6ef2f2",
}

type sqlite struct {
	Open       func(name string, db wasmffi.Out[uint32], flags int32, vfs uint32) (int32, error)                        `c:"sqlite3_open_v2"`
	Exec       func(db uint32, sql string, callback, arg, message uint32) (int32, error)                                `c:"sqlite3_exec"`
	Prepare    func(db uint32, sql string, n int32, flags uint32, stmt wasmffi.Out[uint32], tail uint32) (int32, error) `c:"sqlite3_prepare_v3"`
	BindInt    func(stmt uint32, i int32, v int64) (int32, error)                                                       `c:"sqlite3_bind_int64"`
	BindDouble func(stmt uint32, i int32, v float64) (int32, error)                                                     `c:"sqlite3_bind_double"`
	Step       func(stmt uint32) (int32, error)                                                                         `c:"sqlite3_step"`
	Reset      func(stmt uint32) (int32, error)                                                                         `c:"sqlite3_reset"`
	Finalize   func(stmt uint32) (int32, error)                                                                         `c:"sqlite3_finalize"`
	Columns    func(stmt uint32) (int32, error)                                                                         `c:"sqlite3_column_count"`
	Text       func(stmt uint32, col int32) (string, error)                                                             `c:"sqlite3_column_text"`
	Message    func(db uint32) (string, error)                                                                          `c:"sqlite3_errmsg"`
	Close      func(db uint32) (int32, error)                                                                           `c:"sqlite3_close"`
}

const (
	sqliteRow, sqliteDone   = 100, 101
	sqliteNotFound          = 12
	sqliteShortRead         = 10 | 2<<8
	sqliteReadWrite, create = 2, 4
)

// files are what SQLite writes to: Go memory.
type files struct {
	lib    func() *host.Library
	byName map[string]*[]byte
	open   []*[]byte
}

func (f *files) of(file uint32) *[]byte { return f.open[f.get(file+4)] }

func (f *files) get(addr uint32) uint32 {
	var b [4]byte
	if err := f.lib().Space().ReadAt(b[:], uint64(addr)); err != nil {
		panic(err)
	}
	return binary.LittleEndian.Uint32(b[:])
}

func (f *files) put(addr uint32, b []byte) {
	if err := f.lib().Space().WriteAt(b, uint64(addr)); err != nil {
		panic(err)
	}
}

func (f *files) put32(addr, v uint32) { f.put(addr, binary.LittleEndian.AppendUint32(nil, v)) }
func (f *files) put64(addr uint32, v uint64) {
	f.put(addr, binary.LittleEndian.AppendUint64(nil, v))
}

func (f *files) imports() wasmffi.Imports {
	exists := map[bool]uint32{true: 1}
	return wasmffi.Imports{
		{Name: "go_full_pathname", Func: func(_, name uint32, n int32, out uint32) int32 {
			f.put(out, append([]byte(text(f.lib(), name)), 0))
			return 0
		}},
		{Name: "go_access", Func: func(_, name uint32, _ int32, result uint32) int32 {
			f.put32(result, exists[f.byName[text(f.lib(), name)] != nil])
			return 0
		}},
		{Name: "go_delete", Func: func(_, name uint32, _ int32) int32 {
			delete(f.byName, text(f.lib(), name))
			return 0
		}},
		{Name: "go_open", Func: func(_, name, file uint32, flags int32, outFlags, outVFS uint32) int32 {
			data := new([]byte)
			if name != 0 {
				s := text(f.lib(), name)
				if f.byName[s] == nil {
					f.byName[s] = data
				}
				data = f.byName[s]
			}
			f.put32(file+4, uint32(len(f.open)))
			f.open = append(f.open, data)
			if outFlags != 0 {
				f.put32(outFlags, uint32(flags))
			}
			f.put32(outVFS, 0)
			return 0
		}},
		{Name: "go_close", Func: func(uint32) int32 { return 0 }},
		{Name: "go_read", Func: func(file, to uint32, n int32, at int64) int32 {
			b := make([]byte, n)
			data := *f.of(file)
			got := 0
			if at < int64(len(data)) {
				got = copy(b, data[at:])
			}
			f.put(to, b)
			if got < len(b) {
				return sqliteShortRead
			}
			return 0
		}},
		{Name: "go_write", Func: func(file, from uint32, n int32, at int64) int32 {
			data := f.of(file)
			if end := int(at) + int(n); end > len(*data) {
				*data = append(*data, make([]byte, end-len(*data))...)
			}
			if err := f.lib().Space().ReadAt((*data)[at:at+int64(n)], uint64(from)); err != nil {
				panic(err)
			}
			return 0
		}},
		{Name: "go_truncate", Func: func(file uint32, size int64) int32 {
			*f.of(file) = (*f.of(file))[:size]
			return 0
		}},
		{Name: "go_file_size", Func: func(file, size uint32) int32 {
			f.put64(size, uint64(len(*f.of(file))))
			return 0
		}},
		{Name: "go_sync", Func: func(uint32, int32) int32 { return 0 }},
		{Name: "go_lock", Func: func(uint32, int32) int32 { return 0 }},
		{Name: "go_unlock", Func: func(uint32, int32) int32 { return 0 }},
		{Name: "go_check_reserved_lock", Func: func(_, result uint32) int32 { f.put32(result, 0); return 0 }},
		{Name: "go_file_control", Func: func(uint32, int32, uint32) int32 { return sqliteNotFound }},
		{Name: "go_sector_size", Func: func(uint32) int32 { return 512 }},
		{Name: "go_device_characteristics", Func: func(uint32) int32 { return 0 }},
		{Name: "go_randomness", Func: func(_ uint32, n int32, to uint32) int32 {
			f.put(to, []byte(strings.Repeat("\x2a", int(n))))
			return n
		}},
		{Name: "go_current_time_64", Func: func(_, to uint32) int32 { f.put64(to, 210866760000000); return 0 }},
	}
}

// A connection is a database that is open.
type connection struct {
	t     *testing.T
	lib   *host.Library
	f     sqlite
	db    uint32
	steps []any
}

func connect(t *testing.T, lib *host.Library, name string) *connection {
	c := &connection{t: t, lib: lib}
	require.NoError(t, wasmffi.BindAll(lib, &c.f))
	db := make(wasmffi.Out[uint32], 1)
	rc, err := c.f.Open(name, db, sqliteReadWrite|create, 0)
	c.db = db[0]
	c.ok(rc, err)
	return c
}

func (c *connection) ok(rc int32, err error) {
	c.t.Helper()
	require.NoError(c.t, err)
	if rc != 0 {
		text, _ := c.f.Message(c.db)
		require.Zero(c.t, rc, text)
	}
}

func (c *connection) exec(sql string) {
	c.t.Helper()
	rc, err := c.f.Exec(c.db, sql, 0, 0, 0)
	fuel := c.lib.FuelLeft()
	c.ok(rc, err)
	c.steps = append(c.steps, left(fuel))
}

func (c *connection) prepare(sql string) uint32 {
	c.t.Helper()
	stmt := make(wasmffi.Out[uint32], 1)
	c.ok(c.f.Prepare(c.db, sql, -1, 0, stmt, 0))
	return stmt[0]
}

// query returns the rows, columns joined by "|".
func (c *connection) query(sql string) (rows []string) {
	c.t.Helper()
	stmt := c.prepare(sql)
	n, err := c.f.Columns(stmt)
	require.NoError(c.t, err)
	for {
		rc, err := c.f.Step(stmt)
		require.NoError(c.t, err)
		c.steps = append(c.steps, left(c.lib.FuelLeft()))
		if rc == sqliteDone {
			break
		}
		require.EqualValues(c.t, sqliteRow, rc)
		var cols []string
		for i := range n {
			s, err := c.f.Text(stmt, i)
			require.NoError(c.t, err)
			cols = append(cols, s)
		}
		rows = append(rows, strings.Join(cols, "|"))
	}
	c.ok(c.f.Finalize(stmt))
	c.steps = append(c.steps, rows)
	return rows
}

func TestSQLite(t *testing.T) {
	wasm := fetch(t, sqliteModule)
	env := func(lib func() *host.Library) (wasmffi.Imports, func()) {
		f := &files{lib: lib, byName: map[string]*[]byte{}}
		// The first of a name counts.
		return append(f.imports(), unwanted(wasm)...), func() { clear(f.byName); f.open = nil }
	}
	everywhere(t, "sqlite3.wasm", wasm, env, nil, sqliteWork)

	t.Run("too little fuel", func(t *testing.T) {
		var lib *host.Library
		ims, _ := env(func() *host.Library { return lib })
		lib, err := host.OpenBytes(background, "sqlite3.wasm", wasm, host.Options{Fuel: 50_000_000, Resettable: true, Imports: ims})
		require.NoError(t, err)
		defer lib.Close()
		c := connect(t, lib, ":memory:")
		tooLittle(t, lib, func() error {
			_, err := c.f.Exec(c.db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n", 0, 0, 0)
			return err
		})
		assert.Equal(t, []string{"42"}, connect(t, lib, ":memory:").query("SELECT 6*7"))
	})
}

func sqliteWork(t *testing.T, lib *host.Library) []any {
	c := connect(t, lib, "test.db")
	c.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, kind INTEGER, price REAL, name TEXT)")
	c.exec("CREATE INDEX by_kind ON item (kind, price)")
	c.exec("BEGIN")
	stmt := c.prepare("INSERT INTO item (id, kind, price, name) VALUES (?1, ?2, ?3, 'item-' || ?1)")
	sum, most := make([]float64, 7), make([]int, 7)
	for id := 1; id <= 400; id++ {
		kind, price := id*id%7, float64(id)/4
		sum[kind] += price
		most[kind] = id
		c.ok(c.f.BindInt(stmt, 1, int64(id)))
		c.ok(c.f.BindInt(stmt, 2, int64(kind)))
		c.ok(c.f.BindDouble(stmt, 3, price))
		rc, err := c.f.Step(stmt)
		require.NoError(t, err)
		require.EqualValues(t, sqliteDone, rc)
		c.ok(c.f.Reset(stmt))
	}
	c.ok(c.f.Finalize(stmt))
	c.exec("COMMIT")

	var want []string
	for kind, s := range sum {
		if s > 0 {
			want = append(want, fmt.Sprintf("%d|%.2f|item-%d", kind, s, most[kind]))
		}
	}
	assert.Equal(t, want, c.query("SELECT kind, printf('%.2f', sum(price)), name FROM (SELECT * FROM item ORDER BY id DESC) GROUP BY kind HAVING max(id)"))

	primes := []string{"2 3 5 7 11 13 17 19 23 29 31 37 41 43 47"}
	assert.Equal(t, primes, c.query(`WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i+1 FROM n WHERE i < 50)
		SELECT group_concat(i, ' ') FROM n WHERE NOT EXISTS (SELECT 1 FROM n AS d WHERE d.i < n.i AND n.i % d.i = 0)`))
	assert.Equal(t, []string{"1|1", "2|3", "3|6"}, c.query("SELECT id, sum(id) OVER (ORDER BY id) FROM item LIMIT 3"))
	assert.Equal(t, []string{"[1,\"zwölf\",null]"}, c.query("SELECT json_array(1, 'zwölf', NULL)"))
	assert.Equal(t, []string{"40"}, c.query("SELECT count(*) FROM item WHERE name LIKE '%7'"))

	c.exec("BEGIN; DELETE FROM item; ROLLBACK")
	assert.Equal(t, []string{"400"}, c.query("SELECT count(*) FROM item"))
	rc, err := c.f.Exec(c.db, "INSERT INTO item (id) VALUES (1)", 0, 0, 0)
	require.NoError(t, err)
	assert.EqualValues(t, 19, rc, "constraint")
	message, err := c.f.Message(c.db)
	require.NoError(t, err)
	assert.Equal(t, "UNIQUE constraint failed: item.id", message)
	assert.Equal(t, []string{"ok"}, c.query("PRAGMA integrity_check"))
	c.ok(c.f.Close(c.db))
	return c.steps
}
