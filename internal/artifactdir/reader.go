//nolint:wrapcheck // errors of the system say enough by themselves, and gocloud.dev wraps them with the key
package artifactdir

import (
	"context"
	"errors"
	"io"
	"os"

	"gocloud.dev/blob/driver"
)

// reader reads a file, or a part of it.
type reader struct {
	io.Reader
	file  *os.File
	attrs driver.ReaderAttributes
}

// NewRangeReader opens a file from an offset on; a negative length is all the
// rest. What is read is one version of the file, whatever replaces it meanwhile.
func (b *bucket) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	root, err := b.root()
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // the file stays open
	if _, err = stat(root, key); err != nil {
		return nil, err
	}
	f, err := root.Open(key)
	if err != nil {
		return nil, within(err)
	}
	info, err := f.Stat()
	if err == nil && offset > 0 {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r := &reader{Reader: f, file: f, attrs: driver.ReaderAttributes{ModTime: info.ModTime(), Size: info.Size()}}
	if length >= 0 {
		r.Reader = io.LimitReader(f, length)
	}
	return r, nil
}

// Attributes returns those of the whole file.
func (r *reader) Attributes() *driver.ReaderAttributes { return &r.attrs }

// Close closes the file.
func (r *reader) Close() error { return r.file.Close() }

// As finds nothing: there is nothing behind the reader.
func (*reader) As(any) bool { return false }
