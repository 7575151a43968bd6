//nolint:wrapcheck // errors of the system say enough by themselves, and gocloud.dev wraps them with the key
package artifactdir

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strconv"

	"gocloud.dev/blob/driver"
)

// attempts is how often a file is begun again whose directory was removed
// meanwhile, as the last file in it was.
const attempts = 100

// writer writes to a file that has a reserved name until it is closed.
type writer struct {
	*os.File
	ctx       context.Context //nolint:containedctx // gocloud.dev tells by it that the writing is given up
	root      *os.Root
	temp, key string
}

// NewTypedWriter begins a file. Nothing is seen of it before the writer is
// closed, and nothing stays of it if the context has ended by then.
func (b *bucket) NewTypedWriter(ctx context.Context, key, _ string, _ *driver.WriterOptions) (driver.Writer, error) {
	if err := check(key); err != nil {
		return nil, err
	}
	if isReserved(key) {
		return nil, reservedName(key)
	}
	if err := os.MkdirAll(b.dir, dirPermissions); err != nil {
		return nil, err
	}
	root, err := b.root()
	if err != nil {
		return nil, err
	}
	w := &writer{ctx: ctx, root: root, key: key}
	if err := w.begin(); err != nil {
		return nil, errors.Join(within(err), root.Close())
	}
	return w, nil
}

// begin makes the file and the directories above it. The file keeps others from
// removing them.
func (w *writer) begin() error {
	dir := path.Dir(w.key)
	for i := 1; ; i++ {
		err := w.root.MkdirAll(dir, dirPermissions)
		if err == nil {
			w.temp = path.Join(dir, reserved+strconv.FormatUint(rand.Uint64(), 36))
			w.File, err = w.root.OpenFile(w.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, filePermissions)
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) || i == attempts {
			return err
		}
	}
}

// Close gives the file its name, in the place of one that has it. All of it is
// on the disk before its name is, and its name when Close returns: a model that
// is ready has its files after a power failure too.
func (w *writer) Close() error {
	err := w.ctx.Err()
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.File.Close()); err == nil {
		err = within(w.root.Rename(w.temp, w.key))
	}
	if err == nil {
		err = w.syncDir()
	}
	if err != nil {
		_ = w.root.Remove(w.temp) // the first error tells more
		prune(w.root, path.Dir(w.key))
	}
	return errors.Join(err, w.root.Close())
}

// syncDir puts the names in the file's directory on the disk. One that has gone
// by now has lost the file to somebody who deleted it.
func (w *writer) syncDir() error {
	dir, err := w.root.Open(path.Dir(w.key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
