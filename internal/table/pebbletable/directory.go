package pebbletable

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// closedFile is written when a table is closed and removed when it is opened.
// It names all files with their sizes and, but for the tables of Pebble, which
// have their own, with their checksums. A table that was copied in part, or
// whose log has lost its end, opens well otherwise, with less in it: Pebble
// cannot tell a log that was cut from one that a crash has left.
const closedFile = "CLOSED"

// closedEnd is the last line, without which the file itself is a part.
const closedEnd = "end\n"

var (
	// pebbleFiles are what Pebble keeps in a directory, and dataFiles those
	// that are there only once a table has been made.
	pebbleFiles = regexp.MustCompile(`^(\d+\.(log|sst|blob|dbtmp)|(MANIFEST|OPTIONS)-\d+|marker\..*|LOCK|CURRENT)$`)
	dataFiles   = regexp.MustCompile(`^(\d+\.(sst|blob)|OPTIONS-\d+)$`)
)

// stranger tells files that may be in a directory which is new to us.
func stranger(name string) bool {
	return name == "lost+found" || name == ".DS_Store" || name == ".gitignore" || name == ".gitkeep"
}

// directoryError is a [table.ErrDirectory] in words that say all.
type directoryError struct{ error }

func (e directoryError) Is(target error) bool { return target == table.ErrDirectory }
func (e directoryError) Unwrap() error        { return e.error }

func refuse(format string, args ...any) error { return directoryError{fmt.Errorf(format, args...)} }

// checkDirectory refuses a directory that holds something else than a table,
// and changes nothing. One that is absent or empty is fine.
func checkDirectory(fsys vfs.FS, dir string) error {
	names, err := fsys.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into %s: %w", dir, err)
	}
	other := ""
	for _, name := range names {
		if pebbleFiles.MatchString(name) {
			return checkMarkers(dir, names)
		}
		if !stranger(name) {
			other = name
		}
	}
	if other != "" {
		return refuse("%s holds other files, such as %s, and no table; name a new directory or an empty one", dir, other)
	}
	return nil
}

// checkMarkers refuses a table without its markers, which would be taken for
// one that was not made yet, and be made anew over what is there.
func checkMarkers(dir string, names []string) error {
	data, missing := false, []string{"marker.manifest.", "marker.format-version."}
	for _, name := range names {
		data = data || dataFiles.MatchString(name)
		for i := range missing {
			if missing[i] != "" && strings.HasPrefix(name, missing[i]) {
				missing[i] = ""
			}
		}
	}
	for _, prefix := range missing {
		if data && prefix != "" {
			return refuse("%s has lost its file %s*, which is empty but needed; copy the directory again, with all its files", dir, prefix)
		}
	}
	return nil
}

// takeClosed checks the files that were there when the table was closed, and
// removes the list of them, since they change from here on. It reports whether
// there was one that counts: it does not if it was cut off while it was written,
// or if a program that knows nothing of it has had the table open since.
func takeClosed(fsys vfs.FS, dir string) (bool, error) {
	path := fsys.PathJoin(dir, closedFile)
	list, err := readFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	lines, counts := strings.CutSuffix(string(list), closedEnd)
	names, err := listFiles(fsys, dir)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		counts = counts && strings.Contains("\n"+lines, "\n"+name+" ")
	}
	for line := range strings.Lines(lines) {
		if !counts {
			break
		}
		if err := checkFile(fsys, dir, strings.TrimSuffix(line, "\n")); err != nil {
			return false, err
		}
	}
	return counts, errors.Join(fsys.Remove(path), syncDirectory(fsys, dir))
}

// listFiles returns the names of the files of a table.
func listFiles(fsys vfs.FS, dir string) ([]string, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", dir, err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "LOCK" || !pebbleFiles.MatchString(name) }), nil
}

// checkFile compares a file with its line.
func checkFile(fsys vfs.FS, dir, line string) error {
	name, _, _ := strings.Cut(line, " ")
	now, err := describeFile(fsys, dir, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		now = name + ", which is missing"
	case err != nil:
		return err
	case now == line:
		return nil
	}
	return refuse("%s is not as it was when it was closed: of its files (name, bytes, checksum) %s was %s; "+
		"copy it again, from a server that is stopped, or remove its file %s to take what is there", dir, now, line, closedFile)
}

// describeFile is the line of a file: its name, size and checksum.
func describeFile(fsys vfs.FS, dir, name string) (string, error) {
	path := fsys.PathJoin(dir, name)
	info, err := fsys.Stat(path)
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", path, err)
	}
	if strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".blob") {
		return fmt.Sprintf("%s %d", name, info.Size()), nil
	}
	content, err := readFile(fsys, path)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %08x", name, len(content), crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli))), nil
}

// writeClosed lists the files of a table that has been closed.
func writeClosed(fsys vfs.FS, dir string) error {
	names, err := listFiles(fsys, dir)
	if err != nil {
		return err
	}
	var list bytes.Buffer
	for _, name := range names {
		line, err := describeFile(fsys, dir, name)
		if err != nil {
			return err
		}
		list.WriteString(line + "\n")
	}
	list.WriteString(closedEnd)
	file, err := fsys.Create(fsys.PathJoin(dir, closedFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("list the files of %s: %w", dir, err)
	}
	_, err = file.Write(list.Bytes())
	if err = errors.Join(err, file.Sync(), file.Close(), syncDirectory(fsys, dir)); err != nil {
		return fmt.Errorf("list the files of %s: %w", dir, err)
	}
	return nil
}

func syncDirectory(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

// hasLog reports whether there is a log that the next opening replays.
func hasLog(fsys vfs.FS, dir string) bool {
	names, err := fsys.List(dir)
	return err == nil && slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, ".log") })
}
