//nolint:wrapcheck // errors of the system say enough by themselves, and gocloud.dev wraps them with the key
package artifactdir

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"gocloud.dev/blob/driver"
)

// ListPaged lists files in the order of their keys, or a directory with its
// files and directories. Directories come with a slash at the end. Without a
// page size all comes at once.
func (b *bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	root, err := b.root()
	if errors.Is(err, fs.ErrNotExist) {
		return &driver.ListPage{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read from
	dir := strings.TrimSuffix(opts.Prefix[:strings.LastIndexByte(opts.Prefix, '/')+1], "/")
	if dir == "" {
		dir = "."
	} else if err := check(dir); err != nil {
		return &driver.ListPage{}, nil
	}
	l := &listing{ctx: ctx, root: root, opts: opts, page: &driver.ListPage{}}
	if err := within(l.dir(dir)); err != nil && !absent(err) && !errors.Is(err, errFull) {
		return nil, err
	}
	return l.page, nil
}

// absent tells whether an error says that no directory can be there.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) ||
		errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ELOOP)
}

var errFull = errors.New("the page is full")

// listing is a page that is being filled.
type listing struct {
	ctx  context.Context //nolint:containedctx // it lives as long as the call
	root *os.Root
	opts *driver.ListOptions
	page *driver.ListPage
}

// named is an entry of a directory and its key. That of a directory ends in a
// slash, by which it is sorted.
type named struct {
	fs.DirEntry
	key string
}

func (l *listing) dir(dir string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	entries, err := readDir(l.root, dir)
	if err != nil {
		return err
	}
	token := string(l.opts.PageToken)
	for _, e := range entries {
		switch {
		case !strings.HasPrefix(e.key, l.opts.Prefix) && !strings.HasPrefix(l.opts.Prefix, e.key),
			e.key <= token && (!e.IsDir() || !strings.HasPrefix(token, e.key)):
			continue
		case e.IsDir() && l.opts.Delimiter == "":
			err = l.dir(strings.TrimSuffix(e.key, "/"))
			if absent(err) {
				err = nil
			}
		case e.key > token:
			err = l.add(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readDir returns what may be seen in a directory, in the order of keys.
func readDir(root *os.Root, dir string) ([]named, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	found, err := f.ReadDir(-1)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	entries := make([]named, 0, len(found))
	for _, e := range found {
		if isReserved(e.Name()) {
			continue
		}
		key := path.Join(dir, e.Name())
		if e.IsDir() {
			key += "/"
		}
		entries = append(entries, named{e, key})
	}
	slices.SortFunc(entries, func(a, b named) int { return cmp.Compare(a.key, b.key) })
	return entries, nil
}

// add adds an entry to the page unless there is nothing behind it.
func (l *listing) add(e named) error {
	object := &driver.ListObject{Key: e.key, IsDir: e.IsDir()}
	if e.IsDir() {
		if !hasFile(l.root, strings.TrimSuffix(e.key, "/")) {
			return nil
		}
	} else {
		info, err := l.root.Stat(e.key)
		switch {
		case err != nil:
			return nil //nolint:nilerr // it is gone, or a link that leads nowhere or out of the directory
		case info.IsDir() && l.opts.Delimiter != "": // a link to one
			object.Key, object.IsDir = e.key+"/", true
		case info.Mode().IsRegular():
			object.Size, object.ModTime = info.Size(), info.ModTime()
		}
	}
	if n := l.opts.PageSize; n > 0 && len(l.page.Objects) == n {
		l.page.NextPageToken = []byte(l.page.Objects[n-1].Key)
		return errFull
	}
	l.page.Objects = append(l.page.Objects, object)
	return nil
}

// hasFile tells whether there is anything but directories in a directory, at any
// depth.
func hasFile(root *os.Root, dir string) bool {
	const some = 100
	f, err := root.Open(dir)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read from
	var below []string
	for {
		found, err := f.ReadDir(some)
		for _, e := range found {
			switch {
			case isReserved(e.Name()):
			case e.IsDir():
				below = append(below, path.Join(dir, e.Name()))
			default:
				return true
			}
		}
		if err != nil {
			break
		}
	}
	return slices.ContainsFunc(below, func(dir string) bool { return hasFile(root, dir) })
}
