package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// document writes a document with a table and returns what replaces its rows.
func document(t *testing.T, text string, operations []string) place {
	t.Helper()
	file := filepath.Join(t.TempDir(), "units.md")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	row := places()[0].row
	return place{file: file, begin: "|--|\n", end: "\n", operations: operations, row: row}
}

// TestWrite: the rows of a table are replaced, those of all operations in the
// order of their names, and nothing else of the document.
func TestWrite(t *testing.T) {
	t.Parallel()
	measured := map[string]units{"b": {1, 0.5, 0}, "a": {12, 0, 2.25}, "c": {}}
	const before, after = "head\n|--|\n", "\nand more\n|--|\nold\n\n"
	for _, tc := range []struct {
		name       string
		operations []string
		want       string
	}{
		{"all", nil, "| a | 12 | 0 | 2.25 |\n| b | 1 | 0.5 | 0 |\n| c | 0 | 0 | 0 |\n"},
		{"chosen", []string{"b", "a"}, "| b | 1 | 0.5 | 0 |\n| a | 12 | 0 | 2.25 |\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := document(t, before+"| old | 1 |\n| older | 2 |\n"+after, tc.operations)
			for range 2 { // a second time changes nothing
				require.NoError(t, p.write(measured))
				got, err := os.ReadFile(p.file)
				require.NoError(t, err)
				require.Equal(t, before+tc.want+after, string(got))
			}
		})
	}
}

// TestWriteRefuses: a document without the table, or an operation that nobody
// measures, is an error that leaves the document as it was.
func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	p := document(t, "no table\n", nil)
	require.ErrorContains(t, p.write(nil), "has no table of units")
	p = document(t, "|--|\nrow\n\n", []string{"a"})
	require.ErrorContains(t, p.write(map[string]units{"b": {}}), `no test measures "a"`)
	got, err := os.ReadFile(p.file)
	require.NoError(t, err)
	require.Equal(t, "|--|\nrow\n\n", string(got))
}
