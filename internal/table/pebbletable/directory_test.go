package pebbletable

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// closedTable makes a table with some files of each kind and closes it.
func closedTable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tab, err := Open(dir, smallMemTables())
	tab = makeTable(t, tab, err)
	big := table.Attr{Name: "x", Value: table.String(strings.Repeat("x", 100_000))}
	for i := range 10 {
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: item(fmt.Sprint(i), big)}))
	}
	require.NoError(t, tab.db.Flush())
	require.NoError(t, tab.Put(t.Context(), table.Put{Item: item("last")}))
	require.NoError(t, tab.Close())
	return dir
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	all := map[string]string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		all[e.Name()] = string(content)
	}
	return all
}

// TestCopyInPart: a copy that is not whole is refused, and stays as it is.
func TestCopyInPart(t *testing.T) {
	t.Parallel()
	source := closedTable(t)
	whole := contents(t, source)
	cut := func(s string) string { return s[:max(len(s)-5, 0)] }
	flip := func(s string) string { return s[:len(s)-3] + "?" + s[len(s)-2:] }
	tests := []struct {
		name, files string
		damage      func(string) string // nil: not copied
		want        string
	}{
		{"no markers", "marker.*", nil, "has lost its file marker."},
		{"no manifest marker", "marker.manifest.*", nil, "has lost its file marker.manifest."},
		{"no format marker", "marker.format-version.*", nil, "has lost its file marker.format-version."},
		{"no log", "*.log", nil, "which is missing"},
		{"log cut", "*.log", cut, "is not as it was when it was closed"},
		{"log damaged", "*.log", flip, "is not as it was when it was closed"},
		{"manifest cut", "MANIFEST-*", cut, "is not as it was when it was closed"},
		{"table cut", "*.sst", cut, "is not as it was when it was closed"},
		{"no table", "*.sst", nil, "which is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir, hit := t.TempDir(), false
			for name, content := range whole {
				match, err := filepath.Match(tt.files, name)
				require.NoError(t, err)
				hit = hit || match
				if match && tt.damage == nil {
					continue
				}
				if match && content != "" {
					content = tt.damage(content)
				}
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
			}
			require.True(t, hit)
			before := contents(t, dir)
			for range 2 {
				_, err := Open(dir, Options{})
				require.ErrorIs(t, err, table.ErrDirectory)
				require.ErrorContains(t, err, tt.want)
				require.ErrorContains(t, err, dir)
				require.NotContains(t, err.Error(), "\n")
			}
			require.Equal(t, before, contents(t, dir))
		})
	}
}

// TestCopyWhole: a whole copy opens with everything, and so does one of a table
// that a program had open which knows nothing of the list of files.
func TestCopyWhole(t *testing.T) {
	t.Parallel()
	dir := closedTable(t)
	list, err := os.ReadFile(filepath.Join(dir, closedFile))
	require.NoError(t, err)
	for range 2 {
		var log bytes.Buffer
		tab, err := Open(dir, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		require.NotContains(t, log.String(), "was not closed")
		require.NoFileExists(t, filepath.Join(dir, closedFile))
		_, ok, err := tab.Get(t.Context(), item("last").Key, table.Strong)
		require.NoError(t, err)
		require.True(t, ok)
		require.NoError(t, tab.Close())
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, closedFile), list, 0o600))
	var log bytes.Buffer
	tab, err := Open(dir, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	require.Contains(t, log.String(), "the table was not closed when it was last used")
	require.NoError(t, tab.Close())
}

// TestKilled: a table that was not closed is opened with a word.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := closedTable(t)
	require.NoError(t, os.Remove(filepath.Join(dir, closedFile)))
	var log bytes.Buffer
	tab, err := Open(dir, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	require.Contains(t, log.String(), "the table was not closed when it was last used")
	require.NoError(t, tab.Close())
}

// TestForeignDirectory: what belongs to somebody else is not taken over.
func TestForeignDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.tex"), []byte("x"), 0o600))
	_, err := Open(dir, Options{})
	require.ErrorIs(t, err, table.ErrDirectory)
	require.EqualError(t, err, dir+
		" holds other files, such as thesis.tex, and no table; name a new directory or an empty one")
	there, err := Exists(dir)
	require.NoError(t, err)
	require.False(t, there)
	require.Equal(t, map[string]string{"thesis.tex": "x"}, contents(t, dir))

	volume := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(volume, "lost+found"), 0o700))
	tab, err := Open(volume, Options{})
	require.NoError(t, err)
	require.NoError(t, tab.Close())
}
